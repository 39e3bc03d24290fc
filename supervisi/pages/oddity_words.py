"""A sign in words: why it is there, with its figures, where the proof is, and what may be behind it.

The words accuse nobody: a sign says what should be looked at, and every kind has innocent explanations.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.urls import reverse
from django.utils import dateformat

from supervisi.models import Layer, Oddity, OddityKind
from supervisi.oddities.found import FAST_MINUTES
from supervisi.pages.figures import of_sheet, side_by_side
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.clock import moment_text

_MOST = 12
_BOUNDS = {"attached": "dipasang", "period": "periode berakhir"}
_DATES = {"letter": "tanggal surat", "valid": "berlaku sejak", "camera": "waktu kamera"}


@dataclass(frozen=True)
class Proof:
    """One piece of proof: where it leads, and what is to be seen there."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Words:
    """What a page says of a sign."""

    title: str
    why: str
    proofs: tuple[Proof, ...]
    harmless: tuple[str, ...]
    # What a finding of it begins with; it tells the unit nothing about others.
    observation: str
    more: int = 0


@dataclass(frozen=True)
class Names:
    """What the words need to know: units, people and questions by their keys."""

    units: Mapping[int, str]
    people: Mapping[int, str]
    questions: Mapping[str, str]


def words_of(oddity: Oddity, names: Names) -> Words:
    """Put a sign into words."""
    return _WRITERS[OddityKind(oddity.kind)](oddity, names)


# What a sign of the kind may be behind, before anybody has looked.
HARMLESS: dict[str, tuple[str, ...]] = {
    OddityKind.SAME_FILE: (
        "Surat satuan atas yang memang berlaku untuk semuanya. Yang dibagikan dari satuan atas tidak ditandai.",
        "Kegiatan bersama: satu daftar hadir atau satu foto untuk beberapa satuan.",
        "Berkas terunggah ke satuan yang keliru.",
    ),
    OddityKind.DATED_AFTER: (
        "Tanggal atau tahun salah ketik.",
        "Jam kamera belum disetel.",
        "Surat terbit belakangan, tetapi kegiatannya sudah berlangsung.",
    ),
    OddityKind.JUMP: (
        "Perbaikannya dilihat langsung di lokasi dan tidak difoto.",
        "Buktinya ada di butir lain, atau masih di luar portal.",
        "Periode lalu dinilai terlalu rendah.",
    ),
    OddityKind.FAST: (
        "Jawaban disalin dari catatan kertas yang diisi lebih dulu.",
        "Satu orang mengetik untuk seluruh tim.",
        "Keadaannya sama dengan periode lalu dan sudah dikenal.",
    ),
    OddityKind.HIGHER: (
        "Satuan yang diperiksanya memang lebih baik.",
        "Kriterianya dibaca berbeda; samakan dulu pemahamannya.",
        "Penilai lain yang terlalu ketat.",
    ),
}  # fmt: skip


def _same_file(oddity: Oddity, names: Names) -> Words:
    rows = oddity.facts["evidence"]
    count = len({row[1] for row in rows})
    how = "isinya sama sejak diterima" if oddity.facts["came_same"] else "isinya sama sesudah disimpan"
    proofs = tuple(
        Proof(
            f"Bukti {number}, {names.units.get(unit, 'satuan lain')}: {title}",
            reverse("supervisi:evidence-detail", args=[pk]),
            f"disimpan {_day(added)} oleh {names.people.get(by, 'akun lama')}",
        )
        for pk, unit, number, title, added, by in rows[:_MOST]
    )
    return Words(
        title="Berkas yang sama di beberapa satuan",
        why=f"Satu berkas menjadi bukti di {count} satuan; {how} (sidik {oddity.facts['hash']}).",
        proofs=proofs,
        harmless=HARMLESS[oddity.kind],
        observation="Bukti yang dilampirkan belum menunjukkan keadaan di satuan ini.",
        more=len(rows) - len(proofs),
    )


def _dated(oddity: Oddity, names: Names) -> Words:
    rows = oddity.facts["evidence"]
    _, number, _, _, _, what, day, bound, last = rows[0]
    first = f"bukti {number}: {_DATES[what]} {_day(day)}, sesudah {_BOUNDS[bound]} {_day(last)}"
    proofs = tuple(
        Proof(
            f"Bukti {number}: {title}",
            reverse("supervisi:evidence-detail", args=[pk]),
            f"{_DATES[what]} {_day(day)}; {_BOUNDS[bound]} {_day(last)}; pada butir {item}",
        )
        for pk, number, title, item, _, what, day, bound, last in rows[:_MOST]
    )
    sheet = Proof("Lembarnya", reverse("supervisi:checklist-detail", args=[oddity.checklist_id]))
    count = f"{len(rows)} bukti bertanggal" if len(rows) > 1 else "Satu bukti bertanggal"
    return Words(
        title="Bukti bertanggal sesudah yang dibuktikan",
        why=f"{count} sesudah yang dibuktikannya. {first[:1].upper()}{first[1:]}.",
        proofs=(*proofs, sheet),
        harmless=HARMLESS[oddity.kind],
        observation="Tanggal bukti tidak sesuai dengan yang dibuktikan; perbaiki atau lampirkan bukti lain.",
        more=len(rows) - len(proofs),
    )  # fmt: skip


def _jump(oddity: Oddity, names: Names) -> Words:
    facts = oddity.facts
    before, then = facts["before"]
    rows = facts["items"]
    now = f"dari {_score(then)} menjadi {_score(facts['now'])}"
    seen = f" {facts['on_site']} di antaranya diperiksa di lokasi." if facts["on_site"] else ""
    compare = side_by_side(oddity.checklist_id, before)
    proofs = (
        Proof("Kedua lembar berdampingan", compare, "butir demi butir, dan jawaban siapa"),
        Proof("Hitungan nilai", of_sheet(oddity.checklist_id)),
        *(
            Proof(
                f"Butir {code}: {names.questions.get(code, '')}",
                reverse("supervisi:answer-history", args=[oddity.checklist_id, code]),
                f"{_percent(was)} menjadi {_percent(is_now)}, +{_score(points)} poin",
            )
            for code, was, is_now, points in rows[:_MOST]
        ),
    )
    return Words(
        title="Nilai naik tanpa bukti baru",
        why=(
            f"Nilai {_layer(facts)} {now}. {len(rows)} dari {facts['risen']} butir yang naik tidak mempunyai bukti "
            f"baru; bersama-sama +{_score(facts['points'])} poin.{seen}"
        ),
        proofs=proofs,
        harmless=HARMLESS[oddity.kind],
        observation="Kenaikan beberapa butir belum didukung bukti baru; lampirkan buktinya.",
        more=max(0, len(rows) - _MOST),
    )


def _fast(oddity: Oddity, names: Names) -> Words:
    facts = oddity.facts
    first, last = (datetime.datetime.fromisoformat(facts[name]) for name in ("first", "last"))
    seconds = max(1, round((last - first).total_seconds()))
    unit = oddity.checklist.unit if oddity.checklist is not None else None
    person = _person(oddity, names)
    history = reverse("supervisi:answer-history", args=[oddity.checklist_id, facts["item"]])
    begun, ended = moment_text(first, unit), moment_text(last, unit, form="H.i")
    return Words(
        title="Terisi dalam hitungan menit",
        why=(
            f"{facts['answers']} jawaban oleh {person} dalam {_span(seconds)}: satu jawaban setiap "
            f"{shown(Fraction(seconds, facts['answers']), places=0)} detik ({begun} sampai {ended}). Dihitung dari "
            "saat dijawab, bukan saat terkirim."
        ),
        proofs=(
            Proof("Lembarnya", reverse("supervisi:checklist-detail", args=[oddity.checklist_id])),
            Proof(f"Riwayat butir {facts['item']}", history, "jawaban terakhir dari rangkaian itu"),
        ),
        harmless=HARMLESS[oddity.kind],
        observation="Jawaban beberapa butir perlu diperiksa lagi terhadap keadaan sebenarnya.",
    )


def _higher(oddity: Oddity, names: Names) -> Words:
    facts = oddity.facts
    rows, sheets = facts["items"], facts["sheets"]
    differing = facts["higher"] + facts["lower"]
    proofs = (
        *(
            Proof(f"Lembar {names.units.get(unit, 'satuan lain')}", reverse("supervisi:checklist-detail", args=[sheet]))
            for sheet, unit in sheets[:_MOST]
        ),
        *(
            Proof(
                f"Butir {code}: {names.questions.get(code, '')}",
                reverse("supervisi:answer-history", args=[sheets[0][0], code]),
                f"rata-rata {_hundredths(own)}, penilai lain {_hundredths(theirs)}",
            )
            for code, own, theirs in rows[:_MOST]
        ),
    )
    return Words(
        title="Satu penilai selalu lebih tinggi",
        why=(
            f"{_person(oddity, names)} lebih tinggi daripada {facts['others']} penilai lain pada {facts['higher']} "
            f"dari {differing} butir yang berbeda ({facts['same']} butir sama), rata-rata "
            f"{_hundredths(facts['difference'])} dari nilai penuh. Lapisan {_layer(facts)}, "
            f"{len(sheets)} lembar."
        ),
        proofs=proofs,
        harmless=HARMLESS[oddity.kind],
        observation="Nilai beberapa butir perlu diperiksa ulang terhadap kriterianya.",
        more=max(0, len(sheets) - _MOST) + max(0, len(rows) - _MOST),
    )


_WRITERS: dict[OddityKind, Callable[[Oddity, Names], Words]] = {
    OddityKind.SAME_FILE: _same_file,
    OddityKind.DATED_AFTER: _dated,
    OddityKind.JUMP: _jump,
    OddityKind.FAST: _fast,
    OddityKind.HIGHER: _higher,
}


def item_codes(oddity: Oddity) -> list[str]:
    """Return the items whose questions the words name."""
    return [row[0] for row in oddity.facts.get("items", ())[:_MOST]]


def _person(oddity: Oddity, names: Names) -> str:
    return next((names.people[each.pk] for each in oddity.people.all()), "satu orang")


def _layer(facts: Mapping[str, str]) -> str:
    label = str(Layer(facts["layer"]).label)
    # An abbreviation stays one.
    return label if label.isupper() else label.lower()


def _day(text: str) -> str:
    return dateformat.format(datetime.datetime.fromisoformat(text), "j F Y")


def _score(units: int) -> str:
    return shown(from_units(units))


def _percent(units: int) -> str:
    return f"{shown(from_units(units) * 100, places=0)}%"


def _hundredths(number: int) -> str:
    return f"{shown(Fraction(number, 100), places=1).removesuffix(',0')}%"


def _span(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes > FAST_MINUTES * 10 or not rest:
        return f"{minutes} menit"
    return f"{minutes} menit {rest} detik" if minutes else f"{rest} detik"
