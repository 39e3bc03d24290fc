"""The forms of commitment: declaration, pledge on paper, violations."""

from __future__ import annotations

from typing import Any

from django import forms

from layanan.forms.gratuities import day_field
from layanan.services.commitment import MOST_COUNT, DeclarationFacts
from wbbm.files.fields import files_field


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST_COUNT,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Tulis angka bulat.", "min_value": "Nol atau lebih."},
    )


class DeclarationForm(forms.Form):
    """When and where it was declared, with documents."""

    day = day_field("Hari pencanangan", "Isi hari pencanangan.")
    place = forms.CharField(
        label="Tempat", max_length=120, min_length=3, error_messages={"required": "Tulis tempatnya."}
    )
    note = forms.CharField(
        label="Catatan untuk umum", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Tampil di halaman umum satuan. Tanpa nama orang.",
    )  # fmt: skip
    uploads = files_field("Dokumen atau foto")

    def facts(self) -> DeclarationFacts:
        """Return what was filled in, once it is valid."""
        data = self.cleaned_data
        return DeclarationFacts(data["day"], data["place"], data["note"])


class PaperForm(forms.Form):
    """Who signed on paper, when, and the scan."""

    person = forms.TypedChoiceField(label="Siapa", coerce=int, error_messages={"required": "Pilih orangnya."})
    signed_on = day_field("Hari ditandatangani", "Isi hari ditandatangani.")
    uploads = files_field("Pindaian yang sudah ditandatangani")

    def __init__(self, *args: Any, people: tuple[tuple[int, str], ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.TypedChoiceField)  # declared above
        field.choices = [("", "Pilih"), *people]

    def clean_uploads(self) -> Any:
        """Ask for exactly one scan."""
        uploads = self.cleaned_data["uploads"]
        if len(uploads) != 1:
            raise forms.ValidationError("Lampirkan satu berkas pindaian.")
        return uploads


class WithdrawForm(forms.Form):
    """Why a paper is taken back."""

    text = forms.CharField(
        label="Alasan dibatalkan", max_length=300, min_length=3, error_messages={"required": "Tulis alasannya."}
    )


class ViolationForm(forms.Form):
    """Of each kind how many, and how many punished; or none at all, said in so many words."""

    base = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    is_nil = forms.BooleanField(label="Nihil: tidak ada pelanggaran pada tahun ini", required=False)
    source = forms.CharField(
        label="Sumber", max_length=200, min_length=3, help_text="Rekap Siwas atau Sipropam: nomor dan harinya.",
        error_messages={"required": "Tulis sumbernya."},
    )  # fmt: skip
    reason = forms.CharField(label="Alasan perbaikan", max_length=500, min_length=3, required=False)

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], is_correction: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kinds = [kind for kind, _ in kinds]
        for kind, label in kinds:
            self.fields[f"{kind}_count"] = _number(f"{label}: jumlah")
            self.fields[f"{kind}_sanctioned"] = _number(f"{label}: sudah dijatuhi sanksi")
        if is_correction:
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = "Tulis mengapa jumlahnya diperbaiki."
        else:
            del self.fields["reason"]
        self.order_fields(["base", "is_nil", *self.fields])
        last = [str(name) for name in ("source", "reason") if name in self.fields]
        self.order_fields([name for name in self.fields if name not in last] + last)

    def clean(self) -> dict[str, Any]:
        """Refuse an empty statement: nothing is not the same as none."""
        data = super().clean() or {}
        if data.get("is_nil"):
            if any(data.get(f"{kind}_count") for kind in self._kinds):
                self.add_error("is_nil", "Nihil dan jumlah tidak dapat bersamaan. Pilih salah satu.")
            return data
        for kind in self._kinds:
            count, punished = data.get(f"{kind}_count"), data.get(f"{kind}_sanctioned")
            if count is None and f"{kind}_count" not in self.errors:
                self.add_error(f"{kind}_count", "Isi jumlahnya, nol bila tidak ada.")
            elif count is not None and (punished or 0) > count:
                self.add_error(f"{kind}_sanctioned", "Tidak lebih dari jumlahnya.")
        return data

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the counts by kind, once it is valid."""
        if self.cleaned_data["is_nil"]:
            return {}
        data = self.cleaned_data
        return {kind: (data[f"{kind}_count"], data[f"{kind}_sanctioned"] or 0) for kind in self._kinds}
