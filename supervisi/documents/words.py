"""Numbers, days and names as official letters write them."""

from __future__ import annotations

import datetime

from django.utils import dateformat

_ONES = (
    "nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas",
)  # fmt: skip
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def number_words(number: int) -> str:
    """Write a whole number from 0 to 9999 in words: dua ribu dua puluh enam."""
    if number < 12:
        return _ONES[number]
    if number < 20:
        return f"{_ONES[number - 10]} belas"
    for size, word, single in ((1000, "ribu", "seribu"), (100, "ratus", "seratus"), (10, "puluh", "")):
        if number >= size:
            many, rest = divmod(number, size)
            head = single if many == 1 and single else f"{number_words(many)} {word}"
            return f"{head} {number_words(rest)}" if rest else head
    raise ValueError(number)


def day_in_words(day: datetime.date) -> str:
    """Write a day as minutes begin: Kamis, tanggal tujuh belas, bulan September, tahun dua ribu dua puluh enam."""
    weekday, month = dateformat.format(day, "l"), dateformat.format(day, "F")
    return f"{weekday}, tanggal {number_words(day.day)}, bulan {month}, tahun {number_words(day.year)}"


def long_day(day: datetime.date) -> str:
    """Write a day: 17 September 2026."""
    return dateformat.format(day, "j F Y")


def days(first: datetime.date, last: datetime.date | None) -> str:
    """Write the days of a visit."""
    return long_day(first) if last is None or last == first else f"{long_day(first)} sampai {long_day(last)}"


def roman_month(day: datetime.date) -> str:
    """Return the month in Roman figures, as numbers of letters have it."""
    return _ROMAN[day.month - 1]


def formal_name(name: str) -> str:
    """Write a unit's name in full, as a letterhead does: "Polres Tuban" becomes "Resor Tuban"."""
    for short, formal in (("Polda ", "Daerah "), ("Polres ", "Resor "), ("Polsek ", "Sektor ")):
        if name.startswith(short):
            return formal + name.removeprefix(short)
    return name
