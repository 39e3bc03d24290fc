"""Limits by the rule of the day, and amounts in words: no database."""

import datetime
from decimal import Decimal

import pytest

from layanan.gratuity_limits import BELOW, MUST, REFUSED, Gift, judge, limits_on
from layanan.money import rupiah

NEW, OLD = datetime.date(2026, 1, 20), datetime.date(2026, 1, 19)
CEREMONY, COLLEAGUE = {"is_ceremony": True}, {"from_colleague": True}
FAREWELL = {"from_colleague": True, "is_farewell": True}


def gift(day, value, **changes):
    facts = dict.fromkeys(("is_money", "is_refused", "from_colleague", "is_ceremony", "is_farewell"), False)
    return Gift(day, Decimal(value), **(facts | changes))


@pytest.mark.parametrize(
    ("day", "value", "facts", "heading"),
    [
        (NEW, "1500000", CEREMONY, BELOW), (NEW, "1500000.01", CEREMONY, MUST),
        (OLD, "1000000", CEREMONY, BELOW), (OLD, "1000001", CEREMONY, MUST),
        (NEW, "500000", COLLEAGUE, BELOW), (NEW, "500001", COLLEAGUE, MUST),
        (OLD, "200000", COLLEAGUE, BELOW), (OLD, "200001", COLLEAGUE, MUST),
        # The limit of farewells is gone: what is left is that of colleagues.
        (OLD, "300000", FAREWELL, BELOW), (OLD, "300001", FAREWELL, MUST), (NEW, "300001", FAREWELL, BELOW),
        (NEW, "1", {"is_farewell": True}, MUST), (NEW, "1", COLLEAGUE | {"is_money": True}, MUST), (NEW, "1", {}, MUST),
        (NEW, "500000", COLLEAGUE | {"colleague_earlier": Decimal(1_000_000)}, BELOW),
        (NEW, "500000", COLLEAGUE | {"colleague_earlier": Decimal(1_000_001)}, MUST),
        (OLD, "200000", COLLEAGUE | {"colleague_earlier": Decimal(900_000)}, MUST),
        (NEW, "9000000", {"is_refused": True}, REFUSED), (datetime.date(2019, 12, 31), "1", COLLEAGUE, MUST),
    ],
)  # fmt: skip
def test_each_gift_is_judged_by_the_rule_of_its_day(day, value, facts, heading):
    verdict = judge(gift(day, value, **facts))
    assert verdict.heading == heading
    assert verdict.must_report is (heading == MUST)


def test_the_source_changes_on_the_day_of_promulgation():
    assert limits_on(NEW).source.startswith("Peraturan KPK 1/2026")
    assert limits_on(OLD).source == "Peraturan KPK 2/2019"
    assert "Rp1.500.000" in judge(gift(NEW, 1, is_ceremony=True)).reason


@pytest.mark.parametrize(
    ("value", "text"), [("1500000", "Rp1.500.000"), ("75000.5", "Rp75.000,50"), ("0.01", "Rp0,01"), ("999", "Rp999")]
)
def test_amounts_are_written_as_people_read_them(value, text):
    assert rupiah(Decimal(value)) == text
