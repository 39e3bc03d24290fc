"""Take the pictures of docs/gambar anew: `make gambar`.

The demo district is seeded into a folder of its own and served by the real processes; what a person sees is
photographed on a phone and on a laptop, and stored with a palette of 256 colours.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.demo_stack import DEMO, PASSWORD, demo_stack

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "gambar"
WIDTHS = {1280: 900, 360: 800}
# The first screens of a page are enough: a picture of a whole list helps nobody.
TALLEST = 2
# An upload with right and wrong rows; people are named by their office.
UPLOAD = """\
NRP/NIP;Nama;Pangkat;Kode satuan;Peran;Jabatan;Mulai
91050417;Banit Lantas;Aipda;polsek-senori;operator;Banit Lantas;01/10/2026
9105;Banit Reskrim;Aipda;polsek-senori;operator;Banit Reskrim;01/10/2026
91050419;Banit Binmas;Bripka;polsek-sanori;operator;Banit Binmas;01/10/2026
91050420;Kasium;Aiptu;polsek-palang;operator;Kasium;31/02/2026
91050421;Kanit Provos;Ipda;polsek-palang;operator;Kanit Provos;01/10/2026
"""
MARK = "DATA CONTOH, bukan keadaan sebenarnya"


def sign_in(page: Page, account: str) -> None:
    """Sign in through the form."""
    page.goto("/masuk/")
    page.get_by_label("NRP atau nama pengguna").fill(account)
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(lambda url: "/masuk/" not in url)


def kept(page: Page, name: str, width: int) -> None:
    """Store a picture of the page."""
    page.wait_for_load_state("networkidle")
    assert MARK in page.content(), f"{name}: not marked as example data"
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST * WIDTHS[width])
    page.set_viewport_size({"width": width, "height": height})
    stored(page.screenshot(), name, width)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def part_kept(page: Page, selector: str, name: str, width: int) -> None:
    """Store a picture of a part of the page, below the mark of example data."""
    mark = opened(page.locator(".zi-demo").screenshot())
    part = opened(page.locator(selector).screenshot())
    both = Image.new("RGB", (mark.width, mark.height + part.height + 32), "#faf8f4")
    both.paste(mark, (0, 0))
    both.paste(part, ((mark.width - part.width) // 2, mark.height + 16))
    file = io.BytesIO()
    both.save(file, "PNG")
    stored(file.getvalue(), name, width)


def opened(taken: bytes) -> Image.Image:
    """Return a picture without transparency."""
    return Image.open(io.BytesIO(taken)).convert("RGB")


def stored(taken: bytes, name: str, width: int) -> None:
    """Write a picture in its 256 most frequent colours: a third of the size, and surfaces keep their exact colour."""
    picture = opened(taken)
    colours = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in colours for part in colour])
    small = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    small.save(FOLDER / f"{name}-{width}.png", optimize=True)


def visitor(page: Page, width: int) -> None:
    """What everybody sees."""
    page.goto("/")
    kept(page, "beranda", width)
    page.goto("/masuk/")
    kept(page, "masuk", width)


def commander(page: Page, width: int) -> None:
    """The Kapolres: the district, a station, the heat map."""
    sign_in(page, "kapolres")
    kept(page, "dasbor-kapolres", width)
    part_kept(page, "#peta", "peta-polsek", width)
    page.get_by_role("link", name="Jatirogo").first.click()
    kept(page, "satuan-polsek", width)
    page.goto("/supervisi/satuan/")
    kept(page, "satuan", width)


def team(page: Page, width: int) -> None:
    """A member of the visiting team: visits, the visit under way, an area, the sheet."""
    sign_in(page, "tim2")
    page.goto("/supervisi/kunjungan/")
    kept(page, "kunjungan-saya", width)
    page.get_by_role("link", name="Polsek Senori").first.click()
    kept(page, "kunjungan", width)
    page.get_by_role("link", name="Isi area saya").or_(page.get_by_role("link", name="Isi lembar")).first.click()
    page.wait_for_selector("main[data-ready]")
    kept(page, "lembar-area", width)
    page.goto(page.url.split("/area/")[0] + "/")
    kept(page, "lembar", width)


def station(page: Page, width: int) -> None:
    """A Kapolsek: what he must do, the findings he must answer, and the list to print."""
    sign_in(page, "kapolsek.palang")
    kept(page, "tugas-kapolsek", width)
    page.goto("/supervisi/temuan/")
    kept(page, "papan-temuan", width)
    page.get_by_role("article").first.get_by_role("heading").get_by_role("link").click()
    page.wait_for_url("**/temuan/*/")
    kept(page, "temuan", width)
    page.goto("/supervisi/temuan/")
    page.get_by_role("link", name="Daftar untuk dicetak").click()
    kept(page, "yang-harus-dikerjakan", width)


def planner(page: Page, width: int) -> None:
    """Who leads the supervision: what waits for him, the month of visits, claims beside what was seen."""
    sign_in(page, "kabagren")
    page.goto("/supervisi/temuan/periksa/")
    kept(page, "temuan-diperiksa", width)
    page.goto("/supervisi/kunjungan/kalender/")
    kept(page, "kalender-kunjungan", width)


def admin(page: Page, width: int) -> None:
    """The admin: gaps, and an upload before it is imported."""
    sign_in(page, "admin")
    kept(page, "kelengkapan", width)
    page.goto("/organisasi/impor/orang/")
    page.locator("input[type=file]").set_input_files(
        {"name": "orang.csv", "mimeType": "text/csv", "buffer": UPLOAD.encode()}
    )
    page.get_by_role("button", name="Unggah dan periksa").click()
    page.wait_for_url("**/unggahan/**")
    kept(page, "impor-pratinjau", width)


def take(browser: Browser, address: str) -> None:
    """Take every picture at both widths."""
    for width, height in WIDTHS.items():
        for scene in (visitor, commander, team, station, planner, admin):
            context = browser.new_context(
                base_url=address, viewport={"width": width, "height": height}, locale="id-ID", reduced_motion="reduce"
            )
            scene(context.new_page(), width)
            context.close()


def main() -> None:
    """Seed, serve, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wbbm-gambar-") as folder:
        os.environ.update(DEMO | {"DATA_DIR": folder})
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wbbm.settings")
        django.setup()
        with demo_stack() as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser, address)
            browser.close()
    size = sum(place.stat().st_size for place in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} gambar, {size / 1024:.0f} KB, di {FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
