"""What a list was asked for, as it stands in the address of its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_TEXT_LIMIT = 80
_MOST_NAMES = 20


@dataclass(frozen=True)
class Asked:
    """The filters of a page, and the number of the thing that it is about (`id`)."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, data: Mapping[str, str]) -> Asked:
        """Keep what may be meant by an address: short texts, without the number of the page."""
        names = sorted(name for name in data if name != "halaman" and len(name) <= _TEXT_LIMIT)[:_MOST_NAMES]
        return cls({name: data[name].replace("\0", "").strip()[:_TEXT_LIMIT] for name in names})

    def text(self, name: str, default: str = "") -> str:
        """Return a text of the address."""
        return self.values.get(name, default)

    def number(self, name: str) -> int | None:
        """Return a number of the address; None when there is none."""
        value = self.values.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None

    @property
    def id(self) -> int:
        """The number of the unit or sheet that the page is about; 0 is nobody's."""
        return self.number("id") or 0

    def renamed(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return what was asked for by the names of a page's fields."""
        return {name: self.values[key] for name, key in names.items() if key in self.values}
