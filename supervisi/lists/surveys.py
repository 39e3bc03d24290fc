"""Results of surveys, and the register of those who agreed to be called (SE MenPANRB 04/2023), as tables."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from layanan.forms.surveys import read_window
from layanan.models import SurveyContact
from layanan.pages.survey_outcomes import INTERNAL, Outcome
from layanan.pages.survey_staff import read_staff_results, staff_lines, units_in_reach
from layanan.survey_access import LIST_ROLES, OWN_MONTHS, posting_at_desk, reads_results, sees_all
from layanan.survey_maths import half_up, last_months
from layanan.surveyed import KINDS, service_name
from supervisi.lists.asked import Asked
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit, User
from wbbm.organisasi.tables import Cell, Table, table_of

_PLACES = 4


def _index(outcome: Outcome | None) -> Decimal | None:
    index = outcome.index if outcome is not None else None
    return half_up(index, _PLACES) if index is not None else None


def indices(user: User, asked: Asked) -> Table | None:
    """Return the units in reach with their indices of the last three full months."""
    day = timezone.localdate()
    text = asked.text("satuan")
    if not user.scope.has_role(*LIST_ROLES):
        return None
    units = list(units_in_reach(user, text, day))
    window = last_months(day)
    lines, names = staff_lines(user, units, window)
    columns = ("Satuan", "Dari bulan", "Sampai bulan", *(f"{name} {word}" for name in names for word in _WORDS))
    rows = [(line.unit.name, window.first, window.last, *_cells(line.outcomes), INTERNAL) for line in lines]
    return table_of("hasil-survei", (*columns, "Keterangan"), rows)


_WORDS = ("indeks", "jawaban")


def _cells(parts: tuple) -> list[Cell]:
    return [cell for part in parts for cell in (_index(part.outcome), part.outcome.count if part.outcome else None)]


def elements(user: User, asked: Asked) -> Table | None:
    """Return a unit's surveys over the chosen months: index, every statement, service and month."""
    unit = _unit(user, asked)
    if unit is None or not reads_results(user, unit):
        return None
    day = local_day(unit)
    is_above = sees_all(user, unit)
    window = read_window(asked.text("dari"), asked.text("sampai"), day, least=1 if is_above else OWN_MONTHS)
    found = read_staff_results(unit, window, day, sees_all=is_above)
    rows: list[tuple[Cell, ...]] = []
    for survey in found.surveys:
        outcome = survey.outcome
        shown = outcome if survey.is_shown else None
        rows.append((outcome.short, "Indeks", outcome.index_name, _index(shown), outcome.count))
        means = () if shown is None else zip(outcome.names, outcome.tally.means, strict=False)
        rows += [(outcome.short, "Rata-rata", name, half_up(mean, _PLACES), outcome.count) for name, mean in means]
        for word, parts in (("Layanan", survey.services), ("Bulan", survey.months)):
            rows += [
                (outcome.short, word, part.name, _index(part.outcome), part.outcome.count if part.outcome else None)
                for part in parts
            ]
        opened = _index(survey.opened) if survey.is_opened_shown else None
        rows.append((outcome.short, "Terbuka, tidak dihitung", "", opened, survey.opened.count))
    return table_of("survei-satuan", ("Survei", "Bagian", "Nama", "Nilai", "Jawaban"), rows)


def contacts(user: User, asked: Asked) -> Table | None:
    """Return the register of a desk: for its operator and commander only."""
    unit = _unit(user, asked)
    if unit is None or posting_at_desk(user, unit) is None:
        return None
    rows = SurveyContact.objects.visible_to(user).of_unit(unit).kept()
    lines = ((row.name, row.phone, service_name(row.service), row.noted_on) for row in rows.iterator(chunk_size=1000))
    return Table("responden-survei", ("Nama", "Telepon", "Layanan", "Hari"), lines, rows.count())


def _unit(user: User, asked: Asked) -> Unit | None:
    unit = Unit.objects.visible_to(user).filter(pk=asked.id).first()
    return unit if unit is not None and unit.kind in KINDS else None
