"""The form that puts an item into a sample or takes it out."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.forms.findings import text_field

Choices = tuple[tuple[str, str], ...]


class SampleForm(forms.Form):
    """Which item, and why."""

    item = forms.ChoiceField(label="Butir", error_messages={"required": "Pilih butirnya."})
    text = text_field("Alasan", "Tulis alasannya.", rows=2)

    def __init__(self, *args: Any, inside: Choices, outside: Choices, **kwargs: Any) -> None:
        """Offer to add what is outside and to take out what is inside."""
        super().__init__(*args, **kwargs)
        field = self.fields["item"]
        assert isinstance(field, forms.ChoiceField)  # declared above
        added = [(f"+{code}", words) for code, words in outside]
        removed = [(f"-{code}", words) for code, words in inside]
        field.choices = [("", "Pilih butir"), ("Tambahkan", added), ("Keluarkan", removed)]

    @property
    def choice(self) -> tuple[str, bool]:
        """Return the item's code, and whether it is put in."""
        chosen = self.cleaned_data["item"]
        return chosen[1:], chosen[0] == "+"
