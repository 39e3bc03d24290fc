"""Where demo content is put."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from wbbm.organisasi.models import Unit, User


@dataclass(frozen=True)
class Place:
    """Where demo content is put: the district, its stations by name, and the people by user name."""

    polres: Unit
    stations: dict[str, Unit]
    people: dict[str, User]
    today: datetime.date
