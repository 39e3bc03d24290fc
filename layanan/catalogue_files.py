"""The national tariffs and the standards of services that ship with the portal."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from layanan.components import BY_KEY

# libyaml reads ten times as fast; PyYAML is also built without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FOLDER = Path(__file__).resolve().parent / "catalogue"


@dataclass(frozen=True)
class TariffEntry:
    """One tariff of the file."""

    key: str
    service: str
    name: str
    words: str
    amount: int
    is_free: bool
    legal_basis: str
    note: str
    is_unsure: bool
    valid_from: datetime.date | None
    valid_until: datetime.date | None
    position: int


@dataclass(frozen=True)
class TemplateEntry:
    """One standard of the file."""

    code: str
    name: str
    summary: str
    desk: str
    hours: str
    icon: str
    position: int
    availability: dict[str, str]
    parts: dict[str, str]
    fixed: list[str]
    unsure: list[str]


def read_tariffs() -> list[TariffEntry]:
    """Read the national tariffs."""
    return [
        TariffEntry(
            key=each["key"], service=each["service"], name=each["name"], words=each.get("words", ""),
            amount=each.get("amount", 0), is_free=each.get("free", False), legal_basis=each["basis"],
            note=each.get("note", ""), is_unsure=each.get("unsure", False), valid_from=each.get("from"),
            valid_until=each.get("until"), position=position,
        )
        for position, each in enumerate(_load("tariffs.yaml"))
    ]  # fmt: skip


def read_templates() -> list[TemplateEntry]:
    """Read the standards of services."""
    return [
        TemplateEntry(
            code=each["code"], name=each["name"], summary=each["summary"], desk=each["desk"],
            hours=each.get("hours", ""), icon=each["icon"], position=position, availability=each["at"],
            parts={key: "\n".join(each["parts"][key]) for key in BY_KEY if key in each["parts"]},
            fixed=each.get("fixed", []), unsure=each.get("unsure", []),
        )
        for position, each in enumerate(_load("services.yaml"))
    ]  # fmt: skip


def _load(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load((FOLDER / name).read_text(), Loader=_Loader)  # noqa: S506 (a safe loader)
    return found
