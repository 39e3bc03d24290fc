"""What an officer must report to the KPK, by the rule that held on the day of receipt. Pure: no database, no clock.

The limits are data with the day from which they hold. Where the text of a rule leaves room, the answer is "report":
whoever reports too much loses nothing. Why: docs/keputusan/0017-gratifikasi-dan-komitmen.md.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from layanan.money import rupiah

# Peraturan KPK: reported at the latest so many working days after the receipt.
REPORT_DAYS = 30


@dataclass(frozen=True)
class Limits:
    """The reasonable limits of one rule, in rupiah, from the day on which it holds."""

    valid_from: datetime.date
    source: str
    # Wedding or religious or traditional ceremony, for each giver.
    ceremony: Decimal
    # Among colleagues, no money: for each giver, and in a year.
    colleague: Decimal
    colleague_year: Decimal
    # Farewell, retirement, birthday among colleagues, no money; None once the rule has no such limit.
    farewell: Decimal | None


# Newest first. The day of the older rule is the first whole year in which it held.
RULES = (
    Limits(
        datetime.date(2026, 1, 20), "Peraturan KPK 1/2026 (berlaku sejak 20 Januari 2026)",
        Decimal(1_500_000), Decimal(500_000), Decimal(1_500_000), None,
    ),
    Limits(
        datetime.date(2020, 1, 1), "Peraturan KPK 2/2019",
        Decimal(1_000_000), Decimal(200_000), Decimal(1_000_000), Decimal(300_000),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Gift:
    """What decides whether a gift must be reported."""

    received_on: datetime.date
    value: Decimal
    is_money: bool
    is_refused: bool
    from_colleague: bool
    is_ceremony: bool
    is_farewell: bool
    # What he wrote down of colleagues' gifts, no money, received earlier in the same year.
    colleague_earlier: Decimal = Decimal(0)


@dataclass(frozen=True)
class Verdict:
    """Whether the gift must be reported, why, and by which rule."""

    must_report: bool
    heading: str
    reason: str
    source: str


MUST = "Wajib lapor"
BELOW = "Di bawah batas wajar: tidak wajib dilaporkan, boleh dicatat"
REFUSED = "Ditolak: boleh dicatat"


def limits_on(day: datetime.date) -> Limits | None:
    """Return the rule that held on the day; None for days that the table doesn't know."""
    return next((rule for rule in RULES if rule.valid_from <= day), None)


def judge(gift: Gift) -> Verdict:
    """Tell whether the gift must be reported."""
    rule = limits_on(gift.received_on)
    if gift.is_refused:
        return Verdict(False, REFUSED, "Kewajiban lapor berlaku untuk yang diterima.", rule.source if rule else "")
    if rule is None:
        return Verdict(True, MUST, "Portal tidak memuat batas wajar untuk hari itu; UPG yang menilai.", "")
    return _by(rule, gift)


def _by(rule: Limits, gift: Gift) -> Verdict:
    if gift.is_ceremony:
        return _against(rule, gift.value, rule.ceremony, "per pemberi pada pernikahan atau upacara adat dan agama")
    if not gift.from_colleague:
        return Verdict(True, MUST, "Untuk pemberian seperti ini tidak ada batas wajar.", rule.source)
    if gift.is_money:
        return Verdict(True, MUST, "Uang dari rekan kerja tidak mempunyai batas wajar.", rule.source)
    if gift.is_farewell and rule.farewell is not None:
        return _against(rule, gift.value, rule.farewell, "per pemberi pada pisah sambut, pensiun, atau ulang tahun")
    single = _against(rule, gift.value, rule.colleague, "per pemberi di antara rekan kerja, bukan uang")
    if single.must_report:
        return single
    total = gift.colleague_earlier + gift.value
    if total > rule.colleague_year:
        reason = (
            f"Bersama catatan Anda sebelumnya tahun itu jumlahnya {rupiah(total)}, melewati "
            f"{rupiah(rule.colleague_year)} setahun dari rekan kerja."
        )
        return Verdict(True, MUST, reason, rule.source)
    return Verdict(
        False, BELOW, f"{single.reason} Jumlah tahun itu {rupiah(total)} dari {rupiah(rule.colleague_year)}.",
        rule.source,
    )  # fmt: skip


def _against(rule: Limits, value: Decimal, limit: Decimal, what: str) -> Verdict:
    if value > limit:
        return Verdict(True, MUST, f"Nilainya melewati batas {rupiah(limit)} {what}.", rule.source)
    return Verdict(False, BELOW, f"Nilainya tidak melewati batas {rupiah(limit)} {what}.", rule.source)
