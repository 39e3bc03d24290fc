"""The forms of changes of units: the new name, where to, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from wbbm.organisasi.models import Unit

_CONTROL = {"class": "form-control"}


class UnitChangeForm(forms.Form):
    """What a change needs: a name, or a unit to go to, a reason, and whether people go along."""

    def __init__(self, *args: Any, step: str, targets: list[Unit], unit: Unit, **kwargs: Any) -> None:
        """Ask for what the step needs."""
        super().__init__(*args, **kwargs)
        self._targets = {unit.pk: unit for unit in targets}
        if step == "nama":
            self.fields["name"] = forms.CharField(
                label="Nama baru", max_length=120, initial=unit.name, widget=forms.TextInput(attrs=_CONTROL),
                error_messages={"required": "Isi nama baru."},
            )  # fmt: skip
            return
        if step in {"pindah", "gabung"}:
            choices = [("", "Pilih satuan"), *((str(pk), str(found)) for pk, found in self._targets.items())]
            self.fields["target"] = forms.ChoiceField(
                label="Ke bawah satuan" if step == "pindah" else "Ke satuan",
                choices=choices,
                widget=forms.Select(attrs={"class": "form-select"}),
                error_messages={"required": "Pilih satuannya.", "invalid_choice": "Pilih satuan dari daftar ini."},
            )
        self.fields["reason"] = forms.CharField(
            label="Alasan", max_length=2000, min_length=5, help_text="Misalnya nomor keputusannya.",
            widget=forms.Textarea(attrs=_CONTROL | {"rows": 2}), error_messages={"required": "Tulis alasannya."},
        )  # fmt: skip
        if step == "gabung":
            self.fields["moves_people"] = forms.BooleanField(
                label="Operator dan supervisor ikut berpindah.", required=False, initial=True,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )  # fmt: skip

    @property
    def target(self) -> Unit:
        """The unit that was chosen."""
        return self._targets[int(self.cleaned_data["target"])]
