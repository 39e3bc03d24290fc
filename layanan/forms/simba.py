"""Forms of SIMBA: a resident registers, the operator plans a session."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from decimal import Decimal
from typing import Any

from django import forms

from layanan.forms.seen import SeenForm, seen_mark
from layanan.models import MOST_PLACES, LicenceClass, PracticeSession
from layanan.services.registrations import Applicant, code_of_form, new_form_key
from layanan.services.simba import Plan
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit

_CONTROL = {"class": "form-control"}
_PHONE_HELP = "Nomor WhatsApp, misalnya 0812 3456 7890. Hanya petugas satuan ini yang melihatnya."
# The coordinates of Indonesia, with some sea around.
_BOX = (Decimal(-12), Decimal(8), Decimal(94), Decimal(142))


def normal_phone(typed: str) -> str:
    """Return an Indonesian number as +62…; nothing for what is none."""
    bare = re.sub(r"[\s\-.()]", "", typed)
    found = re.fullmatch(r"(?:\+?62|0)?(8\d{7,11})", bare)
    return f"+62{found[1]}" if found else ""


class RegistrationForm(forms.Form):
    """Who comes to a session."""

    name = forms.CharField(
        label="Nama",
        min_length=2,
        max_length=80,
        widget=forms.TextInput(attrs=_CONTROL | {"autocomplete": "name"}),
        error_messages={"required": "Tulis nama Anda.", "min_length": "Tulis nama Anda, paling sedikit dua huruf."},
    )
    phone = forms.CharField(
        label="Nomor telepon",
        max_length=30,
        help_text=_PHONE_HELP,
        widget=forms.TextInput(attrs=_CONTROL | {"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Tulis nomor telepon Anda."},
    )
    licence = forms.ChoiceField(
        label="Golongan SIM",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": "Pilih golongan SIM.",
            "invalid_choice": "Pilih golongan SIM yang ada pada jadwal ini.",
        },
    )
    # Hidden from people, filled in by machines.
    website = forms.CharField(
        label="Biarkan kosong",
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, session: PracticeSession, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, str(LicenceClass(code).label)) for code in session.licences]
        field = self.fields["licence"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices if len(choices) == 1 else [("", "Pilih golongan"), *choices]
        self.fields["key"].initial = new_form_key
        self.code = ""

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that people fill in."""
        return [self["name"], self["phone"], self["licence"]]

    def clean_name(self) -> str:
        """Return the name in one line."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not any(sign.isalpha() for sign in name):
            raise forms.ValidationError("Tulis nama Anda dengan huruf.")
        return name

    def clean_phone(self) -> str:
        """Return the number as +62…."""
        phone = normal_phone(self.cleaned_data["phone"])
        if not phone:
            raise forms.ValidationError("Tulis nomor ponsel Indonesia, misalnya 0812 3456 7890.")
        return phone

    def clean(self) -> dict[str, Any]:
        """Refuse machines, and a form that lay open too long; the entries stay."""
        values = super().clean() or {}
        if values.get("website"):
            self.add_error(None, "Isian yang tersembunyi terisi. Muat ulang halaman, lalu isi lagi sendiri.")
        code = code_of_form(values.get("key", ""))
        if code is None:
            self.add_error(None, "Halaman ini terlalu lama terbuka. Periksa isian Anda, lalu kirim sekali lagi.")
            # A fresh key goes back with the entries: the next attempt counts.
            self.data = {**dict(self.data.items()), "key": new_form_key()}
        self.code = code or ""
        return values

    def applicant(self) -> Applicant:
        """Return who registers."""
        values = self.cleaned_data
        return Applicant(name=values["name"], phone=values["phone"], licence=values["licence"])


class CodeForm(forms.Form):
    """The code of a receipt."""

    code = forms.CharField(
        label="Kode pendaftaran",
        max_length=200,
        help_text="20 huruf dan angka, dalam empat kelompok. Besar kecil huruf dan tanda hubung tidak menjadi soal.",
        widget=forms.TextInput(
            attrs={
                "class": "form-control form-control-lg zi-mono",
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": "Ketik kode dari bukti pendaftaran."},
    )

    def clean_code(self) -> str:
        """Return the code, also out of the whole address of a receipt."""
        typed = str(self.cleaned_data["code"]).rsplit("pendaftaran/", 1)[-1]
        return typed.replace("/", "").strip() or "-"


class SessionForm(SeenForm):
    """When, where, for whom: a session as the operator plans it, in the unit's own time."""

    day = forms.DateField(label="Hari", widget=forms.DateInput(attrs=_CONTROL | {"type": "date"}, format="%Y-%m-%d"))
    starts = forms.TimeField(label="Mulai", widget=forms.TimeInput(attrs=_CONTROL | {"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(label="Selesai", widget=forms.TimeInput(attrs=_CONTROL | {"type": "time"}, format="%H:%M"))
    place = forms.CharField(
        label="Tempat",
        max_length=160,
        help_text="Seperti warga mengenalnya: halaman Polsek, taman lalu lintas, lapangan desa.",
        widget=forms.TextInput(attrs=_CONTROL),
        error_messages={"required": "Tulis tempat latihannya."},
    )
    map_point = forms.CharField(
        label="Titik peta",
        max_length=60,
        required=False,
        help_text="Lintang dan bujur dari aplikasi peta, misalnya -7.04050, 111.72560.",
        widget=forms.TextInput(attrs=_CONTROL | {"inputmode": "text"}),
    )
    licences = forms.MultipleChoiceField(
        label="Golongan SIM",
        choices=LicenceClass.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Pilih paling sedikit satu golongan SIM."},
    )
    capacity = forms.IntegerField(
        label="Jumlah tempat",
        min_value=1,
        max_value=MOST_PLACES,
        widget=forms.TextInput(attrs=_CONTROL | {"inputmode": "numeric"}),
        error_messages={
            "min_value": "Paling sedikit satu tempat.",
            "max_value": f"Paling banyak {MOST_PLACES} tempat.",
            "invalid": "Tulis dengan angka, misalnya 12.",
        },
    )
    guide_title = forms.CharField(
        label="Petugas pemandu (jabatan)",
        max_length=120,
        help_text="Jabatan saja, tanpa nama: Bhabinkamtibmas Desa Jatisari.",
        widget=forms.TextInput(attrs=_CONTROL),
    )
    note = forms.CharField(
        label="Catatan untuk peserta",
        max_length=1000,
        required=False,
        help_text="Apa yang perlu dibawa atau diketahui.",
        widget=forms.Textarea(attrs=_CONTROL | {"rows": 3}),
    )

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit

    def clean_map_point(self) -> tuple[Decimal, Decimal] | None:
        """Return latitude and longitude, or nothing."""
        typed = self.cleaned_data["map_point"].strip()
        if not typed:
            return None
        found = re.fullmatch(r"(-?\d{1,2}(?:\.\d{1,15})?)\s*[,;]\s*(\d{1,3}(?:\.\d{1,15})?)", typed)
        if found is not None:
            latitude, longitude = (round(Decimal(part), 5) for part in found.groups())
            if _BOX[0] <= latitude <= _BOX[1] and _BOX[2] <= longitude <= _BOX[3]:
                return latitude, longitude
        raise forms.ValidationError("Tulis lintang, koma, lalu bujur di Indonesia, misalnya -7.04050, 111.72560.")

    def plan(self) -> Plan:
        """Return the session as the service takes it."""
        values = self.cleaned_data
        latitude, longitude = values["map_point"] or (None, None)
        return Plan(
            place=" ".join(values["place"].split()),
            starts_at=self._moment(values["starts"]),
            ends_at=self._moment(values["ends"]),
            licences=tuple(values["licences"]),
            capacity=values["capacity"],
            guide_title=" ".join(values["guide_title"].split()),
            note=values["note"].strip(),
            latitude=latitude,
            longitude=longitude,
        )

    def _moment(self, at: datetime.time) -> datetime.datetime:
        return datetime.datetime.combine(self.cleaned_data["day"], at, tzinfo=zoneinfo.ZoneInfo(self.unit.time_zone))


def first_values(unit: Unit) -> dict[str, Any]:
    """Return what a new session begins with: the next Saturday morning, for SIM C."""
    today = local_day(unit)
    saturday = today + datetime.timedelta(days=(5 - today.weekday()) % 7 or 7)
    return {
        "day": saturday, "starts": datetime.time(8), "ends": datetime.time(10), "licences": [LicenceClass.C],
        "capacity": 12, "place": f"Halaman {unit.name}",
    }  # fmt: skip


def initial_of(session: PracticeSession) -> dict[str, Any]:
    """Return a session as its form shows it."""
    starts, ends = (at.astimezone(session.zone) for at in (session.starts_at, session.ends_at))
    point = f"{session.latitude}, {session.longitude}" if session.latitude is not None else ""
    return {
        "day": session.day, "starts": starts.time(), "ends": ends.time(), "place": session.place, "map_point": point,
        "licences": session.licences, "capacity": session.capacity, "guide_title": session.guide_title,
        "note": session.note, "seen": seen_mark(session.changed_at),
    }  # fmt: skip


class CallOffForm(forms.Form):
    """Why a session doesn't take place; residents read it."""

    reason = forms.CharField(
        label="Alasan, dibaca peserta",
        min_length=5,
        max_length=500,
        error_messages={"required": "Tulis alasannya.", "min_length": "Tulis alasannya dengan beberapa kata."},
        widget=forms.Textarea(attrs=_CONTROL | {"rows": 3}),
    )
