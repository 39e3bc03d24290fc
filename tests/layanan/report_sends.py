"""A small district with its officers, and a resident who sends reports as a browser does."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from PIL import Image

from layanan.report_crypto import typed_code
from tests.factories import make_person, make_unit
from wbbm.organisasi.models import Role, Unit, UnitKind, User

STORY = "Saya diminta 150 ribu untuk perpanjangan SIM C di loket dua."


@dataclass
class Place:
    """Polda, Polres with a function and a station, and who serves there."""

    polda: Unit = field(init=False)
    polres: Unit = field(init=False)
    satlantas: Unit = field(init=False)
    polsek: Unit = field(init=False)
    siwas: User = field(init=False)
    above: User = field(init=False)

    def __post_init__(self) -> None:
        self.polda = make_unit(kind=UnitKind.POLDA, name="Polda Uji")
        self.polres = make_unit(self.polda, kind=UnitKind.POLRES, name="Polres Uji")
        self.satlantas = make_unit(self.polres, kind=UnitKind.SATFUNG, name="Satlantas Uji")
        self.polsek = make_unit(self.polres, kind=UnitKind.POLSEK, name="Polsek Uji")
        self.siwas = make_person(self.polres, Role.INTEGRITY_OFFICER)
        self.above = make_person(self.polda, Role.INTEGRITY_OFFICER)


def client_of(person: User) -> Client:
    """Return a browser in which the person is signed in."""
    client = Client()
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def hidden(page: str, action: str) -> dict[str, str]:
    """Return token, challenge and difficulty of the form that leads to an address."""
    form = page.split(f'action="{action}"')[1].split("</form>")[0]
    token = re.search(r'name="token" value="([^"]+)"', form)
    work = re.search(r'data-challenge="(\w+)" data-bits="(\d+)"', form)
    return {"token": token[1], "challenge": work[1], "bits": work[2]}


def worked(form: dict[str, str], subject: str = "") -> dict[str, str]:
    """Do the form's work as static/js/report.js does."""
    number = 0
    while True:
        digest = hashlib.sha256(f"{form['challenge']}:{subject}:{number}".encode()).digest()
        if int.from_bytes(digest, "big") >> (256 - int(form["bits"])) == 0:
            return {"token": form["token"], "kerja": str(number)}
        number += 1


def opened_form(client: Client, unit: Unit, accused: str = "officer", **headers: Any) -> dict[str, str]:
    """Choose what the report is about, and do the work of the form that follows."""
    answer = client.post("/lapor/tulis/", {"satuan": unit.code, "tentang": accused}, **headers)
    assert answer.status_code == 200, answer.content
    return worked(hidden(answer.content.decode(), "/lapor/kirim/")) | {"satuan": unit.code, "tentang": accused}


def send(client: Client, unit: Unit, text: str = STORY, accused: str = "officer", **changes: Any) -> Any:
    """Send a report; return the answer."""
    headers = changes.pop("headers", {})
    form = opened_form(client, unit, accused, **headers)
    return client.post("/lapor/kirim/", form | {"jenis": "extortion", "cerita": text} | changes, **headers)


def code_in(answer: Any) -> str:
    """Return the code that a receipt shows."""
    shown = answer.content.decode().split('class="zi-code__value"')[1].split("</output>")[0]
    return "".join(re.findall(r"<span>(\w+)</span>", shown))


def look_up(client: Client, code: str, **headers: Any) -> Any:
    """Open a thread by its code, with the work that a guess costs."""
    form = hidden(client.get("/lapor/balasan/", **headers).content.decode(), "/lapor/balasan/")
    return client.post("/lapor/balasan/", worked(form, typed_code(code)) | {"kode": code}, **headers)


def photo(marker: str = "KameraPenanda") -> io.BytesIO:
    """Return a photo that tells where and by what it was taken."""
    exif = Image.Exif()
    exif[0x010F] = marker
    exif[0x0132] = "2026:11:24 09:41:23"
    exif.get_ifd(0x8825)[1] = "S"
    file = io.BytesIO()
    Image.new("RGB", (80, 60), "tan").save(file, "JPEG", exif=exif)
    file.seek(0)
    file.name = f"{marker}.jpg"
    return file
