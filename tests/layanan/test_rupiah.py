"""Amounts of money as people write them, and which of them lie above the tariff."""

import pytest

from layanan.rupiah import amounts_in
from layanan.services.report_flags import Excess, Official, find_excess

TARIFFS = (
    Official("Perpanjangan SIM C, C I, C II", 75_000, "sepeda motor"),
    Official("SIM C, C I, C II baru", 100_000),
    Official("SKCK WNI", 30_000),
    Official("Surat kehilangan", 0),
)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("diminta Rp150.000,- di loket 2", [150_000]),
        ("Rp 150.000", [150_000]),
        ("200 ribu", [200_000]),
        ("200rb atau 150 ribuan", [200_000, 150_000]),
        ("1,5 juta dan 1.5jt", [1_500_000]),
        ("75000 rupiah", [75_000]),
        ("bayar 75000", [75_000]),
        ("dua ratus ribu", [200_000]),
        ("seratus lima puluh ribu rupiah", [150_000]),
        ("dua juta lima ratus ribu", [2_500_000]),
        ("dua belas ribu, sejuta, seribu", [12_000, 1_000_000, 1_000]),
        ("setengah juta", [500_000]),
        ("loket 2, 17.09.2026 jam 10.30, 250 cc, 25 menit, empat orang, 08123456789, tahun 2000", []),
        ("ratusan ribu", []),
    ],
)
def test_amounts_are_read_as_they_are_meant(text, amounts):
    assert sorted(amounts_in(text)) == sorted(amounts)


def test_what_lies_above_the_tariff_that_is_meant_is_marked():
    renewal = TARIFFS[0]
    said = find_excess("Perpanjangan SIM C bayar 75 ribu, lalu diminta 150 ribu lagi", [], TARIFFS)
    assert said == (Excess(150_000, renewal.name, 75_000),)
    assert find_excess("SIM C baru diminta seratus ribu", [], TARIFFS) == ()
    assert find_excess("surat kehilangan", [20_000], TARIFFS) == (Excess(20_000, "Surat kehilangan", 0),)
    # No service named: only what no tariff has.
    assert find_excess("dimintai 30 ribu, lalu 45 ribu", [], TARIFFS) == (Excess(45_000),)
