"""The stored figures of the public side: worked out once a day, shown on the dashboard without a query more."""

from __future__ import annotations

import datetime
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from layanan.models import InnovationStatus, PublicFigures
from layanan.services.public_figures import daily, refresh
from supervisi.pages.public_side import public_side
from tests.factories import make_person, make_unit
from tests.layanan.makers import make_innovation, make_session
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import Role, Unit, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def polres():
    return make_unit(kind=UnitKind.POLRES, name="Polres Uji")


def test_figures_are_kept_for_units_that_have_any_and_follow_the_day(polres):
    operator = make_person(polres, Role.OPERATOR)
    silent = make_unit(polres, kind=UnitKind.POLSEK, name="Polsek Sepi")
    make_innovation(polres, operator, status=InnovationStatus.RUNNING)
    today = datetime.date.today()
    daily(polres.time_zone, today)
    assert set(PublicFigures.objects.values_list("unit", flat=True)) == {polres.pk}
    assert PublicFigures.objects.get().figures["innovations"] == {"running": 1, "helped": 0}
    make_innovation(polres, operator, status=InnovationStatus.RUNNING)
    make_session(silent, operator, days=-3, attended=2, taken=2)
    daily("Asia/Jayapura", today)
    assert PublicFigures.objects.get().figures["innovations"]["running"] == 1
    refresh(Unit.objects.all(), today)
    assert PublicFigures.objects.get(unit=polres).figures["innovations"]["running"] == 2


def test_the_dashboard_shows_them_without_a_query_more(polres):
    commander, operator = make_person(polres, Role.COMMANDER), make_person(polres, Role.OPERATOR)
    client = Client()
    client.force_login(User.objects.get(pk=commander.pk), backend="wbbm.organisasi.auth.PostingBackend")
    address = reverse("supervisi:unit-dashboard", args=[polres.pk])
    client.get(address)
    with Counted() as before:
        assert "Di mata warga" not in client.get(address).content.decode()
    make_innovation(polres, operator, status=InnovationStatus.RUNNING)
    refresh(Unit.objects.all(), datetime.date.today())
    with Counted() as after:
        said = unescape(client.get(address).content.decode())
    assert "Di mata warga" in said
    assert "1 berjalan, 0 warga terbantu" in said
    assert len(after.statements) == len(before.statements)


def test_an_internal_index_tells_how_far_the_gates_are():
    unit = Unit(pk=7, code="polres-uji")
    index = {
        "code": "spkp", "name": "Indeks pelayanan (IPKP)", "count": 212, "text": "3,41", "top": "4,00",
        "range": "3,35 sampai 3,47", "quality": "",
        "gates": [["WBK 3,20", "+0,21", "99%"], ["WBBM 3,60", "−0,19", "1%"]],
        "needs": ["perlu 140 jawaban lagi"],
    }  # fmt: skip
    side = public_side(unit, {"year": 2026, "surveys": {"window": "Agustus sampai Oktober 2026", "indices": [index]}})
    assert [(gate.name, gate.is_reached) for gate in side.indices[0].gates] == [
        ("WBK 3,20", True),
        ("WBBM 3,60", False),
    ]
    assert public_side(unit, None) is None
    assert public_side(unit, {}) is None
