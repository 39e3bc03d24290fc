"""Forms of innovations: what is said of one, a month's figure, a file."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

from layanan.forms.seen import SeenForm, seen_mark
from layanan.models import Innovation
from layanan.pages.catalogue import read_templates
from layanan.pages.innovation_effect import element_choices
from layanan.pages.moments import closed_quarters, month_words, months_back, quarter_words
from layanan.services.innovations import MOST_HELPED, Facts
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_MONTHS = 36
# Results are told by closed quarters: windows that never overlap give nothing away about single months.
_QUARTERS = 12


def _text(label: str, length: int, rows: int = 0, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs=_CONTROL | {"rows": rows}) if rows else forms.TextInput(attrs=_CONTROL)
    return forms.CharField(label=label, max_length=length, widget=widget, **more)


class InnovationForm(SeenForm):
    """What is said of an innovation."""

    title = _text("Nama inovasi", 120)
    summary = _text("Ringkasan", 240, 2, help_text="Satu kalimat untuk warga.")
    problem = _text("Masalah yang dijawab", 3000, 4)
    how_it_works = _text("Cara kerja", 3000, 6, help_text="Tanpa nama orang; cukup jabatan.")
    services = forms.MultipleChoiceField(
        label="Layanan yang diperbaiki",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    since = forms.DateField(
        label="Berjalan sejak", widget=forms.DateInput(attrs=_CONTROL | {"type": "date"}, format="%Y-%m-%d")
    )
    effect = forms.ChoiceField(
        label="Unsur survei yang ingin dinaikkan",
        required=False,
        help_text="Hasil survei triwulan sebelum dan sesudahnya dibandingkan di halaman inovasi.",
        widget=forms.Select(attrs=_SELECT),
    )
    effect_before = forms.ChoiceField(label="Triwulan sebelum", required=False, widget=forms.Select(attrs=_SELECT))
    effect_after = forms.ChoiceField(label="Triwulan sesudah", required=False, widget=forms.Select(attrs=_SELECT))

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today = local_day(unit)
        services = self.fields["services"]
        assert isinstance(services, forms.MultipleChoiceField)
        services.choices = [(code, template.name) for code, template in read_templates(unit).items()]
        quarters = [(str(first), quarter_words(first)) for first in closed_quarters(today, _QUARTERS)]
        for name, choices in (("effect", element_choices()), ("effect_before", quarters), ("effect_after", quarters)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "Tidak disebut"), *choices]

    def clean_since(self) -> datetime.date:
        """Refuse a day ahead."""
        since: datetime.date = self.cleaned_data["since"]
        if since > self.today:
            raise forms.ValidationError("Hari itu belum tiba. Isi hari inovasi mulai berjalan.")
        return since

    def clean(self) -> dict[str, Any]:
        """An element is named with both quarters, the earlier one first."""
        values = super().clean() or {}
        before, after = values.get("effect_before"), values.get("effect_after")
        if values.get("effect") and not (before and after):
            self.add_error("effect_before", "Pilih triwulan sebelum dan sesudah yang dibandingkan.")
        elif values.get("effect") and str(before) >= str(after):
            self.add_error("effect_after", "Triwulan sesudah harus lebih kemudian dari triwulan sebelum.")
        return values

    def facts(self) -> Facts:
        """Return what was entered, as the service takes it."""
        values = self.cleaned_data
        survey, _, element = values["effect"].partition("-")
        before, after = (
            datetime.date.fromisoformat(values[name]) if survey else None for name in ("effect_before", "effect_after")
        )
        texts = {name: values[name].strip() for name in ("title", "summary", "problem", "how_it_works")}
        return Facts(
            **texts, services=tuple(values["services"]), since=values["since"], effect_survey=survey,
            effect_element=int(element) if element else None,
            effect_before=before, effect_after=after,
        )  # fmt: skip

    @staticmethod
    def initial_of(innovation: Innovation) -> dict[str, Any]:
        """Return what is stored, as the fields show it."""
        names = ("title", "summary", "problem", "how_it_works", "services", "since")
        effect = f"{innovation.effect_survey}-{innovation.effect_element}" if innovation.effect_survey else ""
        months = {name: str(getattr(innovation, name) or "") for name in ("effect_before", "effect_after")}
        return (
            {name: getattr(innovation, name) for name in names}
            | months
            | {"effect": effect, "seen": seen_mark(innovation.changed_at)}
        )


class FigureForm(forms.Form):
    """How many residents were helped in a month."""

    month = forms.ChoiceField(label="Bulan", widget=forms.Select(attrs=_SELECT))
    helped = forms.IntegerField(
        label="Warga terbantu",
        min_value=0,
        max_value=MOST_HELPED,
        widget=forms.TextInput(attrs=_CONTROL | {"inputmode": "numeric"}),
        error_messages={"invalid": "Tulis dengan angka, misalnya 120.", "required": "Tulis jumlahnya, boleh 0."},
    )
    note = _text("Sumber, atau alasan perbaikan", 240, required=False)

    def __init__(self, *args: Any, innovation: Innovation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = local_day(innovation.unit)
        first = innovation.since.replace(day=1)
        months = [month for month in reversed(months_back(today, _MONTHS)) if month >= first]
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(month), month_words(month)) for month in months]

    def noted_month(self) -> datetime.date:
        """Return the chosen month."""
        return datetime.date.fromisoformat(self.cleaned_data["month"])


class InnovationFileForm(forms.Form):
    """A photo or document."""

    title = _text("Keterangan", 120, error_messages={"required": "Tulis keterangan berkasnya."})
    file = forms.FileField(
        label="Berkas",
        help_text="PDF, JPEG, PNG, DOCX, XLSX; paling besar 10 MB.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.docx,.xlsx", "class": "form-control"}),
        error_messages={"required": "Pilih berkasnya."},
    )
