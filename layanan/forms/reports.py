"""The forms of reports: what it is about, the story, an addition; and what the recipients write."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import dateformat

from layanan.models.reports import Accused, ReportKind
from layanan.rupiah import amounts_in
from layanan.services.report_routing import units_to_choose
from layanan.services.reports import CONTACT_LIMIT, TEXT_LIMIT, Story
from wbbm.organisasi.models import Unit, UnitKind

PHOTO_HELP = "JPEG, PNG atau HEIC; paling banyak tiga, masing-masing paling besar 10 MB."
_ACCEPT = ".jpg,.jpeg,.png,.heic"
_GROUPS = (
    (UnitKind.POLSEK, "Polsek"),
    (UnitKind.SATFUNG, "Bagian di Polres (SIM, STNK, Reskrim, dan lainnya)"),
    (UnitKind.POLRES, "Polres sebagai satuan"),
    (UnitKind.POLDA, "Polda"),
)
_EARLIER_MONTHS = 6


class SeveralPhotos(forms.ClearableFileInput):
    """A choice of several photos."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several photos, or none; what came is examined by services/report_files."""

    widget = SeveralPhotos

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Return the files that came."""
        return list(data or [])


def photos_field() -> PhotosField:
    """Return the field of photos."""
    widget = SeveralPhotos(attrs={"accept": _ACCEPT, "class": "form-control"})
    return PhotosField(label="Foto", required=False, widget=widget, help_text=PHOTO_HELP)


class ChoiceForm(forms.Form):
    """What the report is about: a unit, and which office there."""

    satuan = forms.ChoiceField(
        label="Di satuan mana?",
        widget=forms.Select(attrs={"class": "form-select form-select-lg"}),
        error_messages={"required": "Pilih satuannya.", "invalid_choice": "Pilih satuan dari daftar."},
    )
    tentang = forms.ChoiceField(
        label="Tentang siapa?",
        choices=Accused.choices,
        error_messages={"required": "Pilih tentang siapa.", "invalid_choice": "Pilih tentang siapa."},
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        given = data or {}
        self.searched = given.get("cari", "").strip()[:80]
        self.choice = units_to_choose(self.searched, given.get("satuan", ""))
        field = self.fields["satuan"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Pilih satuan"), *self._grouped()]

    def _grouped(self) -> list[tuple[str, list[tuple[str, str]]]]:
        groups = []
        for kind, label in _GROUPS:
            codes = [code for code, unit in self.choice.units.items() if unit.kind == kind]
            named = sorted((self.choice.names[code], code) for code in codes)
            if named:
                groups.append((label, [(code, name) for name, code in named]))
        return groups

    @property
    def unit(self) -> Unit:
        """The unit chosen, of a valid form."""
        return self.choice.units[self.cleaned_data["satuan"]]

    @property
    def unit_name(self) -> str:
        """What the unit chosen is called, of a valid form."""
        return self.choice.names[self.cleaned_data["satuan"]]


class StoryForm(forms.Form):
    """What happened; everything but the kind and the story may stay empty."""

    jenis = forms.ChoiceField(
        label="Apa yang Anda alami?",
        choices=ReportKind.choices,
        error_messages={"required": "Pilih salah satu.", "invalid_choice": "Pilih salah satu."},
    )
    kapan = forms.ChoiceField(
        label="Kapan kira-kira?", required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    jumlah = forms.CharField(
        label="Berapa yang diminta atau diberikan?",
        required=False,
        max_length=60,
        help_text="Misalnya 150 ribu atau Rp150.000.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    cerita = forms.CharField(
        label="Apa yang terjadi?",
        min_length=20,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 7, "class": "form-control", "autocomplete": "off"}),
        help_text="Siapa (jabatan atau ciri), untuk layanan apa, apa yang dikatakan. Jangan tulis nama Anda.",
        error_messages={
            "required": "Tulis paling sedikit satu kalimat.",
            "min_length": "Tulis paling sedikit satu kalimat.",
            "max_length": f"Paling banyak {TEXT_LIMIT} huruf. Sisanya dapat ditambahkan dengan kode sesudah terkirim.",
        },
    )
    kontak = forms.CharField(
        label="Kontak Anda",
        required=False,
        max_length=CONTACT_LIMIT,
        help_text="Kosongkan bila tidak ingin dikenal. Yang Anda tulis di sini terbaca pengawas.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    foto = photos_field()

    def __init__(self, *arguments: Any, today: datetime.date, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["kapan"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _times(today)

    def clean_jumlah(self) -> int | None:
        """Return the amount that was written; a bare number counts as rupiah here."""
        text = self.cleaned_data["jumlah"].strip()
        if not text:
            return None
        found = amounts_in(text) or amounts_in(f"Rp{text}")
        if not found:
            raise forms.ValidationError("Tulis jumlahnya dengan angka, misalnya 150.000, atau kosongkan.")
        return found[0]

    @property
    def story(self) -> Story:
        """What a valid form says."""
        data = self.cleaned_data
        when = dict(self.fields["kapan"].choices).get(data["kapan"], "") if data["kapan"] else ""  # type: ignore[attr-defined]
        return Story(data["jenis"], data["cerita"], str(when), data["jumlah"], data["kontak"])


def _times(today: datetime.date) -> list[tuple[str, str]]:
    """Return days and months to choose from: nothing finer than a day."""
    days = [("0", today), ("1", today - datetime.timedelta(days=1))]
    found = [("", "Tidak saya sebut")]
    found += [
        (key, f"{word}, {dateformat.format(day, 'j F Y')}")
        for (key, day), word in zip(days, ("Hari ini", "Kemarin"), strict=True)
    ]
    found.append(("minggu", f"Minggu ini atau minggu lalu (sekitar {dateformat.format(today, 'F Y')})"))
    first = today.replace(day=1)
    for _ in range(_EARLIER_MONTHS):
        found.append((first.strftime("%Y-%m"), dateformat.format(first, "F Y")))
        first = (first - datetime.timedelta(days=1)).replace(day=1)
    return [*found, ("lama", "Lebih lama")]


class AdditionForm(forms.Form):
    """A resident's addition: words, photos, or both."""

    tambahan = forms.CharField(
        label="Tambah keterangan",
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control", "autocomplete": "off"}),
    )
    foto = photos_field()


class AnswerForm(forms.Form):
    """What a recipient writes to the resident."""

    text = forms.CharField(
        label="Jawaban untuk pelapor",
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
        error_messages={"required": "Tulis jawabannya dulu."},
    )


class StepForm(forms.Form):
    """To which state, and why."""

    status = forms.ChoiceField(label="Menjadi", widget=forms.Select(attrs={"class": "form-select"}))
    reason = forms.CharField(
        label="Alasan (dibaca pelapor)",
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
        error_messages={"required": "Tulis alasannya; pelapor membacanya."},
    )

    def __init__(self, *arguments: Any, steps: tuple[tuple[str, str], ...], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["status"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(steps)
        message = "Status laporan ini sudah berubah. Pilih lagi."
        field.error_messages = {"required": "Pilih statusnya.", "invalid_choice": message}
