"""The forms of periods: opening the next, closing, taking a closing back."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.forms.findings import text_field

_DATE = {"type": "date", "class": "form-control"}


class PeriodForm(forms.Form):
    """Name and days of a period."""

    name = forms.CharField(
        label="Nama", max_length=60, error_messages={"required": "Isi namanya, misalnya Triwulan I 2027."},
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    first_day = forms.DateField(
        label="Hari pertama", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"),
        error_messages={"required": "Isi hari pertamanya."},
    )  # fmt: skip
    last_day = forms.DateField(
        label="Hari terakhir", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"),
        error_messages={"required": "Isi hari terakhirnya."},
    )  # fmt: skip


class CloseForm(forms.Form):
    """That the admin has seen what is unfinished."""

    is_seen = forms.BooleanField(
        label="Saya sudah melihat yang belum selesai.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        error_messages={"required": "Beri centang dulu."},
    )


class UndoForm(forms.Form):
    """Why a closing is to be taken back."""

    text = text_field("Alasan", "Tulis alasannya.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["class"] = "form-control"
