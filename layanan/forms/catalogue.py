"""Forms of standards, services, desks and tariffs."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from layanan.components import COMPONENTS
from layanan.models import Availability, ServiceTemplate, Subject
from layanan.models.catalogue import LINE_LIMIT, TEXT_LIMIT
from layanan.models.tariffs import MOST_RUPIAH
from layanan.services.catalogue import Content
from layanan.services.tariffs import TariffFacts

_PHONE = RegexValidator(r"^[0-9+][0-9 ().+-]*$", "Tulis nomornya saja, misalnya 0356 123456.")
_OLDEST = datetime.date(2000, 1, 1)


def _text(label: str, help_text: str = "", rows: int = 3, limit: int = TEXT_LIMIT) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "form-control"})
    return forms.CharField(label=label, required=False, max_length=limit, help_text=help_text, widget=widget)


def _line(label: str, limit: int, *, is_required: bool = False, help_text: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control"})
    return forms.CharField(label=label, required=is_required, max_length=limit, help_text=help_text, widget=widget)


def _day(label: str, *, is_required: bool = False, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=is_required, widget=widget, help_text=help_text)


def tidy(text: str) -> str:
    """Return a text with one line for each thing said, and no empty ones."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


class ContentForm(forms.Form):
    """An edit that was begun on a version."""

    base = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)

    @property
    def content(self) -> Content:
        """What was entered, as it is stored."""
        raise NotImplementedError

    def _parts(self) -> dict[str, str]:
        found = {each.key: tidy(self.cleaned_data.get(f"part_{each.key}", "")) for each in COMPONENTS}
        return {key: text for key, text in found.items() if text}


class ServiceForm(ContentForm):
    """What a unit says of a service: the components that the district leaves to it."""

    availability = forms.ChoiceField(
        label="Di satuan ini", choices=Availability.choices, widget=forms.Select(attrs={"class": "form-select"})
    )
    hours = _text("Jam layanan", "Kosong: seperti jam satuan. Satu keterangan setiap baris.", rows=2, limit=500)

    def __init__(self, *args: Any, template: ServiceTemplate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in COMPONENTS:
            if each.key in template.fixed:
                continue
            known = template.parts.get(each.key, "")
            hint = f"Kosong: memakai standar ({' / '.join(known.splitlines())})." if known else each.hint
            self.fields[f"part_{each.key}"] = _text(each.label, hint)

    @property
    def content(self) -> Content:
        """What was entered, as it is stored."""
        data = self.cleaned_data
        return {"availability": data["availability"], "hours": tidy(data["hours"]), "parts": self._parts()}


class TemplateForm(ContentForm):
    """The standard of a service in a district."""

    name = _line("Nama", 80, is_required=True)
    summary = _line("Satu kalimat", LINE_LIMIT, is_required=True, help_text="Untuk apa layanan ini.")
    desk = _line("Loket", 80, is_required=True, help_text="Bagian yang melayani, misalnya SPKT.")
    hours = _text("Jam layanan", "Hanya bila berbeda dari jam satuan.", rows=2, limit=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in COMPONENTS:
            self.fields[f"part_{each.key}"] = _text(each.label, each.hint)
            self.fields[f"fixed_{each.key}"] = forms.BooleanField(
                label=f"{each.label}: sama untuk semua satuan", required=False,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )  # fmt: skip

    @property
    def content(self) -> Content:
        """What was entered, as it is stored."""
        data = self.cleaned_data
        fixed = [each.key for each in COMPONENTS if data[f"fixed_{each.key}"]]
        plain = {name: data[name].strip() for name in ("name", "summary", "desk")}
        return plain | {"hours": tidy(data["hours"]), "parts": self._parts(), "fixed": fixed}


class PointForm(ContentForm):
    """Where, when and how a unit serves, and its maklumat."""

    address = _text("Alamat", limit=500)
    hours = _text("Jam layanan", "Satu keterangan setiap baris, misalnya: Senin sampai Kamis, 08.00 sampai 14.00",
                  limit=500)  # fmt: skip
    phone = _line("Telepon loket", 30)
    whatsapp = _line("WhatsApp loket", 20)
    note = _text("Petunjuk", "Misalnya: pintu timur, ada jalur kursi roda.", rows=2, limit=500)
    charter = _text("Maklumat pelayanan", "Pernyataan kesanggupan melayani sesuai standar.", rows=4)
    charter_office = _line("Ditandatangani oleh", 120, help_text="Jabatannya, tanpa nama.")
    charter_on = _day("Tanggal maklumat")

    def clean_phone(self) -> str:
        """Accept what a telephone can dial."""
        return self._number("phone")

    def clean_whatsapp(self) -> str:
        """Accept what a telephone can dial."""
        return self._number("whatsapp")

    def _number(self, name: str) -> str:
        number: str = self.cleaned_data[name].strip()
        if number:
            _PHONE(number)
            if len(re.sub(r"\D", "", number)) < 3:
                raise forms.ValidationError("Nomor ini terlalu pendek.")
        return number

    def clean(self) -> dict[str, Any]:
        """Ask who signed the maklumat, and when."""
        data = super().clean() or {}
        if tidy(data.get("charter", "")):
            if not data.get("charter_office", "").strip():
                self.add_error("charter_office", "Tulis jabatan yang menandatangani maklumat.")
            if data.get("charter_on") is None and "charter_on" not in self.errors:
                self.add_error("charter_on", "Isi tanggal maklumat ditandatangani.")
        return data

    @property
    def content(self) -> Content:
        """What was entered, as it is stored."""
        data = self.cleaned_data
        texts = {name: tidy(data[name]) for name in ("address", "hours", "note", "charter")}
        lines = {name: data[name].strip() for name in ("phone", "whatsapp", "charter_office")}
        day = data["charter_on"]
        return texts | lines | {"charter_on": day.isoformat() if day else None}


def content_form(subject: str, template: ServiceTemplate | None, **named: Any) -> ContentForm:
    """Return the form of what is edited."""
    if subject == Subject.POINT:
        return PointForm(**named)
    if subject == Subject.TEMPLATE:
        return TemplateForm(**named)
    assert template is not None
    return ServiceForm(template=template, **named)


def initial_of(content: Content, base: int) -> dict[str, Any]:
    """Return what is stored, as the fields show it."""
    found = {name: value for name, value in content.items() if name not in {"parts", "fixed"}}
    found |= {f"part_{key}": text for key, text in content.get("parts", {}).items()}
    found |= {f"fixed_{key}": True for key in content.get("fixed", [])}
    return found | {"base": base}


class TariffForm(forms.Form):
    """A new tariff of a district."""

    key = forms.ChoiceField(label="Tarif", widget=forms.Select(attrs={"class": "form-select"}))
    amount = _line("Jumlah (rupiah)", 20, is_required=True, help_text="Misalnya 75.000; tulis 0 bila gratis.")
    legal_basis = _line("Dasar hukum", 200, is_required=True)
    valid_from = _day("Berlaku sejak", is_required=True)
    valid_until = _day("Berlaku sampai", help_text="Kosong: sampai ada perubahan.")
    note = _line("Keterangan", 200)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["key"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_amount(self) -> int:
        """Read an amount as people write it: 75.000, Rp75.000, 75000."""
        text = re.sub(r"^rp\s*", "", self.cleaned_data["amount"].strip(), flags=re.IGNORECASE)
        if not re.fullmatch(r"[0-9]{1,9}|[0-9]{1,3}(\.[0-9]{3}){1,2}", text):
            raise forms.ValidationError("Tulis jumlahnya dengan angka, misalnya 75.000.")
        amount = int(text.replace(".", ""))
        if amount > MOST_RUPIAH:
            raise forms.ValidationError("Jumlah ini terlalu besar. Periksa lagi.")
        return amount

    def clean_valid_from(self) -> datetime.date:
        """Refuse days of long ago: a slip of the pen."""
        day: datetime.date = self.cleaned_data["valid_from"]
        if day < _OLDEST:
            raise forms.ValidationError("Periksa tahunnya.")
        return day

    @property
    def facts(self) -> TariffFacts:
        """What was entered."""
        data = self.cleaned_data
        return TariffFacts(
            amount=data["amount"], legal_basis=data["legal_basis"].strip(), valid_from=data["valid_from"],
            valid_until=data["valid_until"], note=data["note"].strip(),
        )  # fmt: skip


class EndForm(forms.Form):
    """The last day of a tariff."""

    last_day = _day("Hari terakhir", is_required=True)
