"""The form of a finding."""

from __future__ import annotations

from django import forms

from supervisi.models import Severity
from supervisi.services.findings import TEXT_LIMIT, TITLE_LIMIT


class FindingForm(forms.Form):
    """What was seen, what to do, and whose office does it."""

    item = forms.CharField(widget=forms.HiddenInput, max_length=20)
    severity = forms.ChoiceField(label="Tingkat", choices=Severity.choices)
    observation = forms.CharField(
        label="Yang ditemukan",
        max_length=TEXT_LIMIT,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Tulis apa yang ditemukan."},
    )
    recommendation = forms.CharField(
        label="Rekomendasi",
        max_length=TEXT_LIMIT,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Tulis apa yang harus dilakukan."},
    )
    owner_title = forms.CharField(
        label="Jabatan yang menindaklanjuti",
        max_length=TITLE_LIMIT,
        min_length=3,
        error_messages={"required": "Tulis jabatan yang menindaklanjuti."},
    )
