"""Innovations that a district may take over as drafts, described in our own words; facts are its own to fill in."""

from __future__ import annotations

from dataclasses import dataclass

from layanan.models import FigureSource


@dataclass(frozen=True)
class ReadyInnovation:
    """A description to begin with."""

    slug: str
    title: str
    summary: str
    problem: str
    how_it_works: str
    services: tuple[str, ...]
    figure_source: str


READY: tuple[ReadyInnovation, ...] = (
    ReadyInnovation(
        slug="simba",
        title="SIMBA (SIM Bhabinkamtibmas)",
        summary="Bhabinkamtibmas memandu latihan ujian praktik SIM di dekat rumah warga. Gratis, tanpa akun.",
        problem=(
            "Banyak warga gagal ujian praktik karena tidak pernah berlatih di lintasannya. Tempat ujian jauh dari "
            "desa, jadi mereka datang berulang kali, atau tergoda memakai calo."
        ),
        how_it_works=(
            "Polsek membuka jadwal latihan di halamannya atau di lapangan desa. Warga mendaftar lewat portal dengan "
            "nama dan nomor telepon, lalu mendapat nomor tempat.\n"
            "Bhabinkamtibmas menjelaskan aturannya, memberi contoh, dan menemani warga berlatih di lintasan yang sama "
            "bentuknya dengan lintasan ujian. Hasil latihan dicatat, dan warga datang ke ujian dengan persiapan.\n"
            "Latihan tidak menggantikan ujian, tidak menjamin lulus, dan tidak dipungut biaya apa pun."
        ),
        services=("sim-baru",),
        figure_source=FigureSource.SIMBA,
    ),
    ReadyInnovation(
        slug="taman-lalu-lintas",
        title="Taman Lalu Lintas dengan lapangan latihan",
        summary="Taman terbuka dengan rambu dan lintasan ujian praktik, tempat warga dan anak sekolah berlatih gratis.",
        problem=(
            "Warga tidak punya tempat yang aman untuk mencoba lintasan ujian praktik, dan anak-anak mengenal rambu "
            "hanya dari gambar."
        ),
        how_it_works=(
            "Taman dilengkapi rambu, marka, dan lintasan dengan ukuran seperti di tempat ujian. Di luar jam ujian "
            "lintasan dibuka untuk siapa saja, dengan petugas yang menjaga.\n"
            "Sekolah dapat datang bersama untuk belajar tertib berlalu lintas. Jumlah pengunjung dicatat setiap bulan."
        ),
        services=("sim-baru",),
        figure_source=FigureSource.NOTED,
    ),
)


def ready_innovation(slug: str) -> ReadyInnovation | None:
    """Return a description by its slug."""
    return next((each for each in READY if each.slug == slug), None)
