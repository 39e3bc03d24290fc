"""CHANGELOG.md for a page: headings and lists, nothing else; the template escapes every word."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

_PLAIN = re.compile(r"`|\*\*|\[([^\]]+)\]\([^)]*\)")


@dataclass
class Release:
    """One release: its heading and what changed."""

    title: str
    lines: list[str] = field(default_factory=list)


def read_changelog(text: str | None = None) -> list[Release]:
    """Return the releases, the latest first; without the file, none."""
    if text is None:
        place = Path(settings.BASE_DIR) / "CHANGELOG.md"
        text = place.read_text(encoding="utf-8") if place.exists() else ""
    found: list[Release] = []
    for line in text.splitlines():
        if line.startswith("## "):
            found.append(Release(_words(line[3:])))
        elif line.startswith("- ") and found:
            found[-1].lines.append(_words(line[2:]))
        elif line.startswith("  ") and found and found[-1].lines:
            found[-1].lines[-1] += f" {_words(line)}"
    return found


def _words(text: str) -> str:
    """Return the words of a line without marks; of a link its name."""
    return _PLAIN.sub(lambda found: found[1] or "", text).strip()
