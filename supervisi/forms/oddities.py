"""What may be said of a sign: checked, explained, or that it becomes a finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from supervisi.forms.findings import due_field, note_field, owner_field, text_field
from supervisi.models import Severity
from supervisi.services.oddities import FindingWords
from wbbm.organisasi.models import Unit


class CheckForm(forms.Form):
    """What was seen; may be left empty."""

    note = note_field()


class ExplainForm(forms.Form):
    """Why it is in order."""

    note = text_field("Penjelasannya", "Tulis penjelasannya.")


class SignFindingForm(forms.Form):
    """The finding that a sign becomes, at one of its units."""

    unit = forms.ChoiceField(label="Satuan")
    severity = forms.ChoiceField(label="Tingkat", choices=Severity.choices, initial=Severity.MINOR)
    observation = text_field("Yang ditemukan", "Tulis apa yang ditemukan.")
    recommendation = text_field("Rekomendasi", "Tulis apa yang harus dilakukan.")
    owner_title = owner_field()
    due_days = due_field("Tenggat, hari kerja (kosong: menurut tingkatnya)")

    def __init__(self, *args: Any, units: Sequence[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = {str(unit.pk): unit for unit in units}
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)  # declared above
        field.choices = [(key, unit.name) for key, unit in self._units.items()]

    @property
    def chosen_unit(self) -> Unit:
        """Return the unit that was chosen; of a valid form."""
        return self._units[self.cleaned_data["unit"]]

    @property
    def words(self) -> FindingWords:
        """Return what was written; of a valid form."""
        names = ("severity", "observation", "recommendation", "owner_title", "due_days")
        return FindingWords(**{name: self.cleaned_data[name] for name in names})
