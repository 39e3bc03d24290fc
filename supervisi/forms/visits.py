"""Forms of visits: plan, change the team, give a reason."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.formats import date_format

from supervisi.models import PeriodKind, Visit, VisitStatus
from supervisi.services.periods import period_around
from supervisi.services.visits import Team
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.working_days import add_working_days

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}
TEAM_SIZE = 8


class PersonChoice(forms.ModelChoiceField):
    """A person, shown by his office."""

    offices: dict[int, str]

    def label_from_instance(self, person: Any) -> str:
        """Return the office, or the name where there is none."""
        return self.offices.get(person.pk, person.name)


def supervisors_above(unit: Unit) -> tuple[list[int], dict[int, str]]:
    """Return the people who may visit the unit, and their offices."""
    postings = (
        Posting.objects.active_on(local_day(unit))
        .filter(role=Role.SUPERVISOR, unit__path__in=unit.ancestor_paths, user__closed_at__isnull=True)
        .select_related("user", "unit")
        .order_by("unit__path", "pk")
    )
    offices = {posting.user_id: f"{posting}, {posting.unit}" for posting in postings}
    return list(offices), offices


class VisitForm(forms.Form):
    """Days, Sprin and team of a visit to one unit."""

    sprin_number = forms.CharField(label="Nomor Sprin", max_length=80, widget=forms.TextInput(attrs=_CONTROL))
    starts_on = forms.DateField(
        label="Hari kunjungan", widget=forms.DateInput(attrs=_CONTROL | {"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label="Sampai",
        required=False,
        help_text="Kosongkan bila satu hari saja.",
        widget=forms.DateInput(attrs=_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )
    is_unannounced = forms.BooleanField(
        label="Kunjungan mendadak",
        required=False,
        help_text="Satuan tidak diberi tahu dan baru melihat kunjungan ini setelah dimulai.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    is_sample = forms.BooleanField(
        label="Periksa sampel saja",
        required=False,
        help_text="Sistem mengusulkan sekitar sepertiga butir; lembarnya tanpa predikat dan tidak masuk peringkat.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    team_leader = PersonChoice(label="Ketua tim", queryset=User.objects.none(), widget=forms.Select(attrs=_SELECT))
    deputy = PersonChoice(
        label="Wakil ketua", queryset=User.objects.none(), required=False, empty_label="Tanpa wakil",
        widget=forms.Select(attrs=_SELECT),
    )  # fmt: skip

    def __init__(self, *args: Any, unit: Unit, visit: Visit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit, self.visit = unit, visit
        ids, offices = supervisors_above(unit)
        people = User.objects.filter(pk__in=ids).order_by("name")
        for number in range(2, TEAM_SIZE + 1):
            self.fields[f"member_{number}"] = PersonChoice(
                label=f"Anggota {number}", queryset=User.objects.none(), required=False, empty_label="Kosong",
                widget=forms.Select(attrs=_SELECT),
            )  # fmt: skip
        if visit is not None:
            # The sheet is made: full or sample it stays.
            del self.fields["is_sample"]
        if visit is not None and not visit.is_hidden_from_unit:
            # What the unit knows of can't be hidden from it again.
            del self.fields["is_unannounced"]
        for field in self.fields.values():
            if isinstance(field, PersonChoice):
                field.queryset, field.offices = people, offices
                # The choices were made before the offices were known.
                field.widget.choices = field.choices

    def clean(self) -> dict[str, Any]:
        """Find the quarter of the days; refuse a person who is named twice, and a team that is too large."""
        values = super().clean() or {}
        self._clean_days(values)
        self._clean_team(values)
        return values

    def _clean_days(self, values: dict[str, Any]) -> None:
        starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
        if starts_on is None:
            return
        if ends_on is not None and ends_on < starts_on:
            self.add_error("ends_on", "Hari terakhir tidak boleh sebelum hari kunjungan.")
        if self.visit is not None:
            values["period"] = period = self.visit.period
            if not period.first_day <= starts_on <= period.last_day:
                days = f"{date_format(period.first_day)} sampai {date_format(period.last_day)}"
                self.add_error("starts_on", f"Kunjungan ini milik {period}. Pilih hari dari {days}.")
            return
        values["period"] = period_around(self.unit, starts_on, PeriodKind.QUARTER)
        if values["period"] is None:
            self.add_error("starts_on", "Belum ada triwulan yang memuat hari ini. Pilih hari lain, atau minta admin.")

    def _clean_team(self, values: dict[str, Any]) -> None:
        seen: dict[int, str] = {}
        for name in ("team_leader", *(f"member_{number}" for number in range(2, TEAM_SIZE + 1))):
            person = values.get(name)
            if person is None:
                continue
            if person.pk in seen:
                self.add_error(name, f"Sudah dipilih sebagai {seen[person.pk]}. Pilih orang lain.")
            seen[person.pk] = str(self.fields[name].label).lower()
        deputy = values.get("deputy")
        if deputy is not None and deputy == values.get("team_leader"):
            self.add_error("deputy", "Wakil ketua harus orang lain dari ketua tim.")
        elif deputy is not None and deputy.pk not in seen and len(seen) == TEAM_SIZE:
            self.add_error("deputy", "Tim sudah delapan orang. Pilih wakil ketua dari anggotanya.")

    def span(self) -> tuple[datetime.date, datetime.date] | None:
        """Return first and last day as they stand in the form, sent or not; None while they can't be read."""
        values = self.cleaned_data if self.is_bound and self.is_valid() else {} if self.is_bound else self.initial
        first = values.get("starts_on")
        return (first, values.get("ends_on") or first) if first is not None else None

    def people(self) -> list[int]:
        """Return the ids of the people named in the form, sent or not."""
        names = ("team_leader", "deputy", *(f"member_{number}" for number in range(2, TEAM_SIZE + 1)))
        found = [(self.cleaned_data if self.is_bound else self.initial).get(name) for name in names]
        return [getattr(person, "pk", person) for person in found if person is not None]

    def team(self) -> Team:
        """Return the team as the service takes it."""
        values = self.cleaned_data
        members = [values.get(f"member_{number}") for number in range(2, TEAM_SIZE + 1)]
        return Team(values["team_leader"], values["deputy"], tuple(person for person in members if person is not None))


def initial_of(visit: Visit) -> dict[str, Any]:
    """Return the form's first values for a visit that is there."""
    days = {"sprin_number": visit.sprin_number, "starts_on": visit.starts_on, "ends_on": visit.ends_on}
    return days | _team_of(visit) | {"is_unannounced": visit.is_hidden_from_unit}


def _team_of(visit: Visit) -> dict[str, Any]:
    members = [member.user_id for member in visit.members.filter(left_at__isnull=True).order_by("number")]
    others = [person for person in members if person != visit.team_leader_id]
    return {"team_leader": visit.team_leader_id, "deputy": visit.deputy_id} | _numbered(others)


def _numbered(others: list[int]) -> dict[str, Any]:
    return {f"member_{number}": person for number, person in enumerate(others, start=2)}


def first_values(unit: Unit, planner: User) -> dict[str, Any]:
    """Return the form's first values for a new visit: the next working day, with the team that the planner led last.

    Who leads for the first time gets the people posted above the unit.
    """
    day = {"starts_on": add_working_days(unit, local_day(unit), 1)}
    last = Visit.objects.filter(team_leader=planner).exclude(status=VisitStatus.CANCELLED).order_by("-starts_on", "-pk")
    visit = last.first()
    if visit is not None:
        return day | _team_of(visit)
    others = [person for person in supervisors_above(unit)[0] if person != planner.pk]
    return day | {"team_leader": planner.pk} | _numbered(others[: TEAM_SIZE - 1])


class ReasonForm(forms.Form):
    """The reason of a step that needs one."""

    reason = forms.CharField(
        label="Alasan",
        min_length=5,
        max_length=2000,
        error_messages={"required": "Tulis alasannya.", "min_length": "Tulis alasannya dengan beberapa kata."},
        widget=forms.Textarea(attrs=_CONTROL | {"rows": 3}),
    )
