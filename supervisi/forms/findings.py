"""The forms of a finding: recording it, answering it, judging the answer, more time."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.models import DUE_DAYS, Finding, Severity
from supervisi.services.findings import MOST_DUE_DAYS, TITLE_LIMIT
from supervisi.services.follow_up import MOST_EXTRA_DAYS, TEXT_LIMIT
from wbbm.files.fields import files_field

NEW = "baru"
_DAYS = ", ".join(f"{label.lower()} {DUE_DAYS[value]}" for value, label in Severity.choices)


def text_field(label: str, required: str, rows: int = 3) -> forms.CharField:
    """Return a field of running text."""
    return forms.CharField(
        label=label,
        max_length=TEXT_LIMIT,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": required},
    )


def note_field() -> forms.CharField:
    """Return a field for a few words that may be left out."""
    return forms.CharField(
        label="Catatan (boleh kosong)", required=False, max_length=TEXT_LIMIT, widget=forms.Textarea(attrs={"rows": 2})
    )


def owner_field() -> forms.CharField:
    """Return the field for the office that does something about a finding."""
    return forms.CharField(
        label="Jabatan yang menindaklanjuti",
        max_length=TITLE_LIMIT,
        min_length=3,
        error_messages={"required": "Tulis jabatan yang menindaklanjuti."},
    )


def due_field(label: str, help_text: str = "") -> forms.IntegerField:
    """Return the field for how many working days a finding may take; empty goes by its severity."""
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=MOST_DUE_DAYS,
        help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


class FindingForm(forms.Form):
    """What was seen, what to do, whose office does it, and by when."""

    item = forms.CharField(widget=forms.HiddenInput, max_length=20, required=False)
    same_as = forms.ChoiceField(label="Temuan yang sama", widget=forms.RadioSelect, required=False)
    severity = forms.ChoiceField(label="Tingkat", choices=Severity.choices)
    observation = text_field("Yang ditemukan", "Tulis apa yang ditemukan.")
    recommendation = text_field("Rekomendasi", "Tulis apa yang harus dilakukan.")
    owner_title = owner_field()
    due_days = due_field("Tenggat, hari kerja", f"Dihitung sejak disampaikan. Kosong: {_DAYS} hari kerja.")
    target_option = forms.ChoiceField(label="Pilihan yang terbuka bila diperbaiki", required=False)
    photos = files_field("Foto atau berkas")

    def __init__(
        self,
        *args: Any,
        known: tuple[Finding, ...] = (),
        options: tuple[tuple[str, str], ...] = (),
        items: tuple[Any, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("same_as", tuple((str(each.pk), _offer_words(each)) for each in known), (NEW, "Temuan lain"))
        self._offer("target_option", options, None)
        if items:
            self.fields["item"] = forms.ChoiceField(
                label="Butir", required=False, choices=(("", "Tanpa butir"), *items)
            )

    def _offer(self, name: str, choices: tuple[tuple[str, str], ...], last: tuple[str, str] | None) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # declared above
        if choices:
            field.choices = [*choices, last] if last else [("", "Pilihan berikutnya yang lebih baik"), *choices]
        else:
            del self.fields[name]


def _offer_words(finding: Finding) -> str:
    text = (
        finding.observation
        if len(finding.observation) <= 90
        else f"{finding.observation[:90].rstrip()} \N{HORIZONTAL ELLIPSIS}"
    )
    if finding.is_closed:
        return f"{finding.number} ditemukan lagi (sudah ditutup): {text}"
    return f"{finding.number} masih ada ({finding.get_status_display().lower()}): {text}"


class AnswerForm(forms.Form):
    """The unit's answer, with evidence."""

    text = text_field("Apa yang sudah dilakukan", "Tulis apa yang sudah dilakukan.", rows=4)
    photos = files_field("Bukti")


class JudgeForm(forms.Form):
    """A note to accepting or closing."""

    text = note_field()


class ReturnForm(forms.Form):
    """Why an answer goes back."""

    text = text_field("Apa yang masih kurang", "Tulis apa yang masih kurang.")


class ExtendForm(forms.Form):
    """More working days, and why."""

    days = forms.IntegerField(
        label="Tambahan hari kerja",
        min_value=1,
        max_value=MOST_EXTRA_DAYS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": "Tulis berapa hari kerja."},
    )
    text = text_field("Alasan", "Tulis alasannya.", rows=2)
