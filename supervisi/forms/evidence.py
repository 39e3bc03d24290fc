"""The forms of a unit's evidence: what is said of a document, and its file."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.models import Evidence
from supervisi.services.vault import MOST_TAGS, NUMBER_LIMIT, TITLE_LIMIT, Facts

_FILE = "PDF, JPEG, PNG, DOCX, XLSX; paling besar 10 MB."


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


class FactsForm(forms.Form):
    """What is said of a document."""

    title = forms.CharField(label="Judul", max_length=TITLE_LIMIT, error_messages={"required": "Tulis judul buktinya."})
    document_number = forms.CharField(label="Nomor surat", max_length=NUMBER_LIMIT, required=False)
    dated_on = _day("Tanggal surat")
    valid_from = _day("Berlaku sejak")
    valid_until = _day("Berlaku sampai")
    tags = forms.CharField(
        label="Penanda",
        max_length=TITLE_LIMIT,
        required=False,
        help_text=f"Kata untuk mencari, dipisah koma: sk, pelayanan. Paling banyak {MOST_TAGS}.",
    )
    is_shared = forms.BooleanField(label="Berlaku juga untuk satuan di bawah", required=False)

    def __init__(self, *args: Any, can_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-check-input" if name == "is_shared" else "form-control"
        if not can_share:
            del self.fields["is_shared"]

    @property
    def facts(self) -> Facts:
        """What was entered."""
        return Facts(
            **{"is_shared": False}
            | {name: self.cleaned_data[name] for name in Facts.__dataclass_fields__ if name in self.cleaned_data}
        )

    @staticmethod
    def initial_of(evidence: Evidence) -> dict[str, Any]:
        """Return what is stored, as the fields show it."""
        facts = {name: getattr(evidence, name) for name in Facts.__dataclass_fields__}
        return facts | {"tags": ", ".join(evidence.tag_list)}


class FileForm(FactsForm):
    """A document with its file."""

    file = forms.FileField(
        label="Berkas",
        help_text=_FILE,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.docx,.xlsx"}),
        error_messages={"required": "Pilih berkasnya."},
    )
    field_order = ("file",)
