"""The forms of gratuity reports: what was given, and the steps of the UPG."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from layanan.models.gratuities import (
    GiverRelation,
    GratuityDecision,
    GratuityForm,
    GratuityReport,
    GratuityResponse,
    Occasion,
    Whereabouts,
)
from layanan.services.gratuities import TEXT_LIMIT, Facts
from wbbm.files.fields import files_field

_MOST = Decimal("999999999999.99")


class RupiahField(forms.Field):
    """An amount as people type it: 150000, 150.000, Rp 1.500.000,50."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        """Read the amount."""
        text = str(value or "").replace("\N{NO-BREAK SPACE}", " ").strip()
        if not text:
            return None
        if len(text) > 30:
            raise forms.ValidationError("Angka ini terlalu besar.")
        plain = text.lower().removeprefix("rp").removesuffix(",-").strip(" .")
        whole, _, cents = plain.partition(",")
        digits = whole.replace(".", "").replace(" ", "")
        if not digits.isascii() or not digits.isdigit() or (cents and not (cents.isascii() and cents.isdigit())):
            raise forms.ValidationError("Tulis angka rupiah saja, misalnya 250.000.")
        try:
            amount = Decimal(f"{digits}.{cents or 0}").quantize(Decimal("0.01"))
        except InvalidOperation as fault:
            raise forms.ValidationError("Angka ini terlalu besar.") from fault
        if not 0 < amount <= _MOST:
            raise forms.ValidationError("Isi nilai atau perkiraan nilainya, lebih dari nol rupiah.")
        return amount


def day_field(label: str, required: str) -> forms.DateField:
    """Return a field for a day that is not in the future; the service knows the unit's day."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": required, "invalid": "Tulis tanggal yang benar."},
    )


def _choice(label: str, choices: Any, required: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=[("", "Pilih"), *choices.choices], error_messages={"required": required}
    )


class ReportForm(forms.Form):
    """What was given, when, by whom in general words, and what became of it."""

    posting = forms.ChoiceField(label="Atas penugasan")
    received_on = day_field("Hari diterima atau ditolak", "Isi hari diterima.")
    form = _choice("Bentuk", GratuityForm, "Pilih bentuknya.")
    what = forms.CharField(
        label="Yang diberikan", max_length=300, min_length=3,
        error_messages={"required": "Tulis apa yang diberikan."},
    )  # fmt: skip
    value = RupiahField(
        label="Nilai atau perkiraan nilai (rupiah)", help_text="Bila tidak tahu, tulis perkiraan wajar.",
        error_messages={"required": "Isi nilai atau perkiraan nilainya."},
    )  # fmt: skip
    relation = _choice("Hubungan pemberi dengan Anda", GiverRelation, "Pilih hubungan pemberi.")
    giver_note = forms.CharField(
        label="Tentang pemberi", max_length=200, required=False,
        help_text="Nama tidak diminta di sini. Jangan tulis data pribadi yang tidak perlu.",
    )  # fmt: skip
    occasion = _choice("Peristiwa", Occasion, "Pilih peristiwanya.")
    response = _choice("Yang Anda lakukan", GratuityResponse, "Pilih yang Anda lakukan.")
    circumstances = forms.CharField(
        label="Bagaimana kejadiannya", max_length=TEXT_LIMIT, min_length=3, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Bila diterima: mengapa tidak dapat ditolak.",
        error_messages={"required": "Tulis bagaimana kejadiannya."},
    )  # fmt: skip
    whereabouts = _choice("Di mana sekarang", Whereabouts, "Pilih di mana sekarang.")
    uploads = files_field("Foto atau berkas")

    def __init__(self, *args: Any, postings: tuple[tuple[str, str], ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(postings) > 1:
            field = self.fields["posting"]
            assert isinstance(field, forms.ChoiceField)  # declared above
            field.choices = list(postings)
        else:
            del self.fields["posting"]

    def clean(self) -> dict[str, Any]:
        """Hold what was done against where the thing is."""
        data = super().clean() or {}
        response, place = data.get("response"), data.get("whereabouts")
        if response and place and (response == GratuityResponse.REFUSED) != (place == Whereabouts.NONE):
            self.add_error("whereabouts", "Pilih sesuai dengan yang Anda lakukan, ditolak atau diterima.")
        for name in ("what", "giver_note", "circumstances"):
            if any("\ud800" <= sign <= "\udfff" for sign in data.get(name) or ""):
                self.add_error(name, "Ada tanda yang tidak terbaca. Tulis ulang.")
        return data

    def facts(self) -> Facts:
        """Return what was filled in, once it is valid."""
        names = Facts.__dataclass_fields__
        return Facts(**{name: self.cleaned_data[name] for name in names})


def first_values(report: GratuityReport) -> dict[str, Any]:
    """Return what the form of a draft begins with."""
    values = {name: getattr(report, name) for name in Facts.__dataclass_fields__}
    whole = f"{report.value:.2f}".removesuffix(".00").replace(".", ",")
    return values | {"value": whole}


class SubmitForm(forms.Form):
    """Nothing to fill in: the draft is handed in as it stands."""


class TextForm(forms.Form):
    """Why."""

    text = forms.CharField(
        label="Alasan", max_length=TEXT_LIMIT, min_length=3, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Tulis alasannya."},
    )  # fmt: skip


class WithdrawForm(TextForm):
    """Why the draft is given up."""

    text = forms.CharField(
        label="Alasan", max_length=TEXT_LIMIT, min_length=3, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Tulis alasannya."},
        help_text="Misalnya salah ketik atau tertulis dua kali. Pemberian yang sungguh ada tetap harus dilaporkan.",
    )  # fmt: skip


class ReturnForm(TextForm):
    """What is missing."""

    text = forms.CharField(
        label="Yang masih kurang", max_length=TEXT_LIMIT, min_length=3, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Tulis yang masih kurang."},
    )  # fmt: skip


class ForwardForm(forms.Form):
    """Number and day at the KPK."""

    number = forms.CharField(
        label="Nomor laporan KPK", max_length=80, min_length=3, error_messages={"required": "Tulis nomornya."}
    )
    day = day_field("Hari diteruskan", "Isi hari diteruskan.")


class DecideForm(forms.Form):
    """What the KPK decided."""

    decision = _choice("Penetapan", GratuityDecision, "Pilih penetapannya.")
    number = forms.CharField(
        label="Nomor penetapan", max_length=80, min_length=3, error_messages={"required": "Tulis nomornya."}
    )
    day = day_field("Hari penetapan", "Isi hari penetapan.")


def today_for_forms(today: datetime.date) -> dict[str, Any]:
    """Return what a step's form begins with."""
    return {"day": today}
