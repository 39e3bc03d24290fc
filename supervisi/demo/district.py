"""Units and people of the demo district."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from wbbm.organisasi.models import (
    HeldPredicate,
    Posting,
    PredicateCode,
    Role,
    Unit,
    UnitChange,
    UnitChangeKind,
    UnitKind,
    User,
)

# Centres of the districts (kecamatan), not of the police stations.
STATIONS = (
    ("Kenduruan", "-6.9394", "111.6307"), ("Jatirogo", "-6.8716", "111.6744"), ("Bangilan", "-6.9587", "111.7119"),
    ("Bancar", "-6.8098", "111.7362"), ("Senori", "-7.0405", "111.7256"), ("Tambakboyo", "-6.8435", "111.8109"),
    ("Singgahan", "-6.9863", "111.7789"), ("Kerek", "-6.8893", "111.8534"), ("Parengan", "-7.0631", "111.8507"),
    ("Montong", "-6.9738", "111.8839"), ("Soko", "-7.0936", "111.9346"), ("Jenu", "-6.8132", "111.9597"),
    ("Merakurak", "-6.8807", "111.9588"), ("Rengel", "-7.0698", "112.0086"), ("Semanding", "-6.9555", "112.0553"),
    ("Tuban", "-6.8957", "112.0334"), ("Plumpang", "-7.0424", "112.1083"), ("Palang", "-6.9351", "112.1507"),
    ("Widang", "-7.0333", "112.1747"), ("Grabagan", "-7.0079", "111.9928"),
)  # fmt: skip
# Names of 60 letters, as long as they come: every list and dashboard shows that they wrap.
LONG_NAMES = {"Grabagan": "Kepolisian Sektor Grabagan, Kepolisian Resor Kabupaten Tuban"}
LONG_OFFICE = "Operator Satuan Penyelenggara Administrasi SIM Terpadu Tuban"
# The neighbour that has handed in nothing: the empty case on the Polda's page.
NEIGHBOUR = "Polres Contoh yang Belum Mengisi Lembar, di Polda Jawa Timur"
FUNCTIONS = (
    "Satlantas", "Satreskrim", "Satintelkam", "Satbinmas", "Satsamapta", "Satresnarkoba", "Satpamobvit", "Satpolairud",
    "Satuan Penyelenggara Administrasi SIM Terpadu",
)  # fmt: skip
TEAM_TITLES = (
    "Kasikeu", "Kabag SDM", "Kasiwas", "Kasipropam", "Kasatintelkam", "Kasatlantas", "Kasatreskrim",
)  # fmt: skip


@dataclass
class District:
    """What was made, for the sheets that follow."""

    polda: Unit
    polres: Unit
    stations: dict[str, Unit]
    people: dict[str, User]
    today: datetime.date


def make_district(today: datetime.date) -> District:
    """Make the tree of units and the people with their postings."""
    zone = "Asia/Jakarta"
    polda: Unit = Unit.objects.add_root(
        {"code": "polda-jawa-timur", "name": "Polda Jawa Timur", "kind": UnitKind.POLDA, "time_zone": zone}
    )
    polres = _below(
        polda, code="polres-tuban", name="Polres Tuban", kind=UnitKind.POLRES, latitude=Decimal("-6.9534"),
        longitude=Decimal("111.8922"),
    )  # fmt: skip
    stations = {
        name: _below(
            polres, code=f"polsek-{name.lower()}", name=LONG_NAMES.get(name, f"Polsek {name}"), kind=UnitKind.POLSEK,
            latitude=Decimal(latitude), longitude=Decimal(longitude),
        )
        for name, latitude, longitude in STATIONS
    }  # fmt: skip
    for number, name in enumerate(FUNCTIONS, start=1):
        _below(polres, code=f"satfung-{number}", name=name, kind=UnitKind.SATFUNG)
    _below(polda, code="polres-contoh", name=NEIGHBOUR, kind=UnitKind.POLRES)
    district = District(polda, polres, stations, {}, today)
    _make_people(district)
    # A station that once had its name written otherwise.
    UnitChange.objects.create(
        unit=stations["Tambakboyo"], kind=UnitChangeKind.RENAMED, day=datetime.date(today.year - 1, 2, 3),
        old_name="Polsek Tambak Boyo", by=district.people["admin"],
    )  # fmt: skip
    HeldPredicate.objects.create(unit=polres, predicate=PredicateCode.WBK, year=2018, decree="Data contoh")
    return district


def _below(parent: Unit, **fields: object) -> Unit:
    made: Unit = Unit.objects.add_child(Unit.objects.get(pk=parent.pk), fields | {"time_zone": parent.time_zone})
    return made


def _make_people(district: District) -> None:
    password = make_password(settings.DEMO_PASSWORD)
    polda, polres = district.polda, district.polres
    start = datetime.date(district.today.year - 1, 1, 2)

    def add(username: str, name: str, unit: Unit, *offices: tuple[str, str], has_password: bool = True) -> User:
        user = User.objects.create(
            username=username, name=name, password=password if has_password else "!", is_demo=True
        )
        for role, title in offices:
            Posting.objects.create(
                user=user, unit=unit, role=role, title=title, starts_on=start, approved_at=timezone.now()
            )
        district.people[username] = user
        return user

    add("admin.polda", "Admin Polda Jawa Timur", polda, (Role.ADMIN, "Admin Polda"))
    add("kapolda", "Kapolda Jawa Timur", polda, (Role.COMMANDER, "Kapolda"))
    add("auditor", "Auditor Itwasda", polda, (Role.AUDITOR, "Auditor Itwasda"))
    add("auditor2", "Auditor kedua Itwasda", polda, (Role.AUDITOR, "Auditor kedua Itwasda"))
    add("admin", "Admin Polres Tuban", polres, (Role.ADMIN, "Admin Polres"))
    add("kapolres", "Kapolres Tuban", polres, (Role.COMMANDER, "Kapolres"))
    add("wakapolres", "Wakapolres Tuban", polres, (Role.SUPERVISOR, "Wakapolres"))
    add("kabagren", "Kabagren Polres Tuban", polres, (Role.SUPERVISOR, "Kabagren"))
    for number, title in enumerate(TEAM_TITLES, start=1):
        add(
            f"tim{number}", f"{title} Polres Tuban (Tim {number})", polres, (Role.SUPERVISOR, f"{title} (Tim {number})")
        )
    add("bagren", "Operator Bagren Polres Tuban", polres, (Role.OPERATOR, "Operator Bagren"))
    add("siwas", "Siwas Polres Tuban", polres, (Role.INTEGRITY_OFFICER, "Petugas Siwas"))
    for name, unit in district.stations.items():
        both = ((Role.COMMANDER, f"Kapolsek {name}"), (Role.OPERATOR, f"Kapolsek {name}"))
        add(f"kapolsek.{name.lower()}", f"Kapolsek {name}", unit, *both)
    _make_gaps(district, add)


def _make_gaps(district: District, add: object) -> None:
    """Make what an admin must mend: somebody without a password, a posting that ends, one that waits."""
    make = add  # the closure that adds a person
    assert callable(make)
    newcomer = make("operator.baru", LONG_OFFICE, district.polres, has_password=False)
    Posting.objects.create(
        user=newcomer, unit=district.polres, role=Role.OPERATOR, title="Operator Sihumas",
        starts_on=district.today, ends_on=district.today + datetime.timedelta(days=20), approved_at=timezone.now(),
    )  # fmt: skip
    Posting.objects.create(
        user=newcomer, unit=district.stations["Grabagan"], role=Role.COMMANDER, title="Kapolsek Grabagan",
        kind="plh", starts_on=district.today, created_by=district.people["admin"],
    )  # fmt: skip
    _make_vacancy(district, make)


def _make_vacancy(district: District, add: Callable[..., User]) -> None:
    """Leave a title at a station vacant: its finding is on the board of the commander above."""
    left = district.today - datetime.timedelta(days=40)
    held = add("kanit.provos.palang", "Kanit Provos Polsek Palang", district.stations["Palang"], has_password=False)
    Posting.objects.create(
        user=held, unit=district.stations["Palang"], role=Role.OPERATOR, title="Kanit Provos",
        starts_on=datetime.date(district.today.year - 1, 1, 2), ends_on=left, approved_at=timezone.now(),
    )  # fmt: skip
    User.objects.filter(pk=held.pk).update(closed_at=timezone.now() - datetime.timedelta(days=40))
