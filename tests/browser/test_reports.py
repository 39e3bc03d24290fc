"""A resident reports with a photo and reads the reply by the code, on a phone, with script and without it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from layanan import report_tokens
from layanan.models import Report
from layanan.services import report_desk
from tests.browser.axe import violations
from tests.layanan.report_sends import STORY, Place, photo


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_report_with_a_photo_is_sent_and_its_reply_read(signed_in_page, has_script, monkeypatch):
    cache.clear()
    # Without script one waits; how long is told elsewhere.
    monkeypatch.setattr(report_tokens, "WAIT_SECONDS", dict.fromkeys(report_tokens.WAIT_SECONDS, 0))
    place = Place()
    # The browser of somebody who is signed in, of all people, at the station complained about.
    page = signed_in_page(place.siwas, java_script_enabled=has_script, bypass_csp=has_script)
    hosts, given = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("response", lambda answer: given.append(answer.header_value("set-cookie")) if "/lapor" in answer.url else 0)

    page.goto("/lapor/")
    page.select_option("[name=satuan]", label="Polsek Uji")
    page.check("[name=tentang][value=officer]")
    page.click("text=Lanjut")
    expect(page.locator("main")).to_contain_text("Hanya dibaca: Jabatan uji di Polres Uji.")
    page.check("[name=jenis][value=extortion]")
    page.fill("[name=cerita]", STORY)
    taken = {"name": "IMG_2026.jpg", "mimeType": "image/jpeg", "buffer": photo().getvalue()}
    page.set_input_files("[name=foto]", taken)
    page.click("text=Kirim laporan")
    expect(page.locator("h1")).to_have_text("Simpan kode ini sekarang")
    code = " ".join(page.locator(".zi-code__value span").all_inner_texts())
    faults = violations(page) if has_script else []

    report_desk.answer(report=Report.objects.get(), text="Apakah diberi tanda terima?", by=place.siwas)
    page.goto("/lapor/balasan/")
    page.fill("[name=kode]", code.lower())
    page.click("text=Buka")
    expect(page.locator(".zi-thread")).to_contain_text("Apakah diberi tanda terima?")
    expect(page.locator(".zi-thread")).to_contain_text("Foto 1 terkirim")
    page.fill("[name=tambahan]", "Tidak ada tanda terima.")
    page.click("text=Kirim tambahan")
    expect(page.locator("main")).to_contain_text("Tambahan tersimpan")
    faults += violations(page) if has_script else []
    assert faults == []
    assert hosts == {urlsplit(page.url).netloc}
    assert set(given) == {None}
