"""The forms of the right of reply: replying, taking back, deciding, more time."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.forms.findings import files_field, text_field
from supervisi.scoring.instrument import Item

INPUT_LIMIT = 1_000_000_000


class ReplyForm(forms.Form):
    """What the unit says to the lower value."""

    text = text_field("Jawaban satuan", "Tulis mengapa nilainya seharusnya lebih tinggi.", rows=4)
    photos = files_field("Bukti (boleh kosong)")


class ReasonForm(forms.Form):
    """Why a reply is taken back, or why a value stands."""

    text = text_field("Alasan", "Tulis alasannya.")


class ChangeForm(forms.Form):
    """The better answer, and why."""

    def __init__(self, *args: Any, item: Item, better: tuple[tuple[str, str], ...] = (), **kwargs: Any) -> None:
        """Offer what the item takes: its better options, an index, or the inputs of its formula."""
        super().__init__(*args, **kwargs)
        self._item = item
        if item.options:
            self.fields["answer"] = forms.ChoiceField(
                label="Jawaban yang benar",
                choices=better,
                widget=forms.RadioSelect,
                error_messages={"required": "Pilih jawaban yang benar."},
            )
        elif item.inputs:
            for each in item.inputs:
                self.fields[f"input-{each.key}"] = forms.IntegerField(
                    label=each.label,
                    min_value=0,
                    max_value=INPUT_LIMIT,
                    widget=forms.TextInput(attrs={"inputmode": "numeric"}),
                    error_messages={"required": "Isi bilangannya."},
                )
        else:
            self.fields["answer"] = forms.CharField(
                label="Indeks yang benar",
                max_length=20,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
                error_messages={"required": "Isi indeksnya."},
            )
        self.fields["text"] = text_field("Alasan", "Tulis alasannya.")

    @property
    def answer(self) -> Any:
        """Return the raw answer of a valid form."""
        if self._item.inputs:
            return {each.key: self.cleaned_data[f"input-{each.key}"] for each in self._item.inputs}
        return self.cleaned_data["answer"]
