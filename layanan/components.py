"""The fourteen components of a service standard (UU 25/2009 Pasal 21; PermenPANRB 15/2014)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """One component: what it is called, whether residents meet it at the desk, and what belongs into it."""

    key: str
    label: str
    is_delivery: bool
    hint: str


COMPONENTS = (
    Component("requirements", "Persyaratan", True, "Satu syarat setiap baris."),
    Component("procedure", "Sistem, mekanisme, dan prosedur", True, "Satu langkah setiap baris, menurut urutannya."),
    Component("time", "Jangka waktu", True, "Dari berkas lengkap sampai produk diterima."),
    Component("cost", "Biaya atau tarif", True, "Tarifnya sendiri tampil dari daftar tarif; tulis cara membayarnya."),
    Component("product", "Produk layanan", True, "Apa yang diterima warga."),
    Component("complaints", "Penanganan pengaduan, saran, dan masukan", True, "Ke mana dan bagaimana mengadu."),
    Component("legal_basis", "Dasar hukum", False, "Satu peraturan setiap baris."),
    Component("facilities", "Sarana, prasarana, dan fasilitas", False, "Termasuk untuk kelompok rentan."),
    Component("competence", "Kompetensi pelaksana", False, "Pelatihan dan keterampilan petugas loket."),
    Component("oversight", "Pengawasan internal", False, "Siapa mengawasi, seberapa sering."),
    Component("staff", "Jumlah pelaksana", False, "Berapa petugas di loket ini."),
    Component("guarantee", "Jaminan pelayanan", False, "Janji kepada warga, dan apa bila tidak ditepati."),
    Component("safety", "Jaminan keamanan dan keselamatan", False, "Bagi warga dan datanya."),
    Component("evaluation", "Evaluasi kinerja pelaksana", False, "Bagaimana dan kapan dievaluasi."),
)  # fmt: skip
BY_KEY = {component.key: component for component in COMPONENTS}
# What else is edited besides components, as histories and conflicts call it.
FIELD_LABELS = {
    "name": "Nama",
    "summary": "Satu kalimat",
    "desk": "Loket",
    "hours": "Jam layanan",
    "fixed": "Ditetapkan untuk semua satuan",
    "availability": "Di satuan ini",
    "address": "Alamat",
    "phone": "Telepon",
    "whatsapp": "WhatsApp",
    "note": "Petunjuk",
    "charter": "Maklumat pelayanan",
    "charter_office": "Ditandatangani oleh",
    "charter_on": "Tanggal maklumat",
}


def label_of(name: str) -> str:
    """Return what a field or a component is called."""
    return BY_KEY[name].label if name in BY_KEY else FIELD_LABELS.get(name, name)
