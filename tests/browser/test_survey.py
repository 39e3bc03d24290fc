"""SPKP and SPAK by token on a phone of 360 px: with the script one tap a statement, without it one list."""

import uuid

import pytest
from playwright.sync_api import expect

from layanan.models import SurveyAnswer
from layanan.services.catalogue_files import load_catalogue
from layanan.services.questionnaires import load_questionnaires
from layanan.services.survey_tokens import make_slips
from tests.browser.conftest import PHONE
from tests.factories import make_person, make_unit
from wbbm.organisasi.models import Role

STATEMENTS = 13


@pytest.fixture
def codes(transactional_db):
    load_catalogue()
    load_questionnaires()
    unit = make_unit(name="Polsek Uji")
    operator = make_person(unit, Role.OPERATOR)
    return make_slips(unit=unit, service="laporan-polisi", bundle="zi", count=10, number=uuid.uuid4(), by=operator)[1]


def test_a_survey_takes_one_tap_a_statement_and_one_to_send(browser, server, codes):
    context = browser.new_context(base_url=server, viewport={"width": PHONE, "height": 800}, locale="id-ID")
    page = context.new_page()
    page.goto(f"/s/{codes[0].lower()}")
    taps = 0
    for number in range(1, STATEMENTS + 1):
        expect(page.get_by_text(f"{number} dari {STATEMENTS}", exact=True)).to_be_visible()
        page.get_by_role("radio", name="5 bintang").locator("visible=true").click()
        taps += 1
    page.get_by_role("button", name="Kembali").click()
    expect(page.get_by_text(f"12 dari {STATEMENTS}", exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="5 bintang").locator("visible=true")).to_be_checked()
    page.get_by_role("button", name="Lanjut").click()
    page.get_by_role("button", name="Kirim jawaban").click()
    taps += 1
    expect(page.get_by_text("Sudah diterima. Terima kasih.")).to_be_visible()
    # At four seconds for each statement (SPKP has eight) a person is far below a minute.
    assert taps == STATEMENTS + 1
    assert context.cookies() == []
    context.close()

    plain = browser.new_context(base_url=server, viewport={"width": PHONE, "height": 800}, java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"/s/{codes[1]}")
    for star in page.get_by_role("radio", name="6 bintang").all():
        star.check()
    page.get_by_role("button", name="Kirim jawaban").click()
    expect(page.get_by_text("Sudah diterima. Terima kasih.")).to_be_visible()
    assert plain.cookies() == []
    plain.close()
    assert sorted(SurveyAnswer.objects.values_list("marks", flat=True)) == ["55555", "55555555", "66666", "66666666"]
