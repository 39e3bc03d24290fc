"""The figures in a page of HTML: which stand in a link, where it leads, and which stand alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# A score, a percent, a share, or a count of what is listed elsewhere.
FIGURE = re.compile(r"\d+,\d|\d+%|\d+ dari \d+|\d+ (temuan|butir|area|bukti|hal|hari|habis|akan habis|berjalan)\b")
# Drawings have their table; headings of columns, legends, limits and the count of the list below are no results.
_ASIDE_TAGS = {"svg", "caption", "thead", "form", "nav", "script", "title"}
_ASIDE_CLASSES = {"visually-hidden", "zi-legend", "zi-limit", "zi-count", "zi-print-only", "zi-ring"}
_VOID = {"br", "img", "input", "hr", "meta", "link"}


class Figures(HTMLParser):
    """Reads a page; afterwards `alone` holds figures without a link, `links` the addresses of those with one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.alone: list[str] = []
        self.links: list[str] = []
        self._open: list[tuple[str, bool, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        if tag in _VOID:
            return
        given = dict(attrs)
        is_aside = tag in _ASIDE_TAGS or bool(_ASIDE_CLASSES & set((given.get("class") or "").split()))
        self._open.append((tag, is_aside, (given.get("href") or "") if tag == "a" else ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, with what was left open in it."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        href = next((href for _, _, href in self._open if href), "")
        if "main" not in {tag for tag, _, _ in self._open} or any(is_aside for _, is_aside, _ in self._open):
            return
        if href and re.search(r"\d", data):
            self.links.append(href)
        elif not href and FIGURE.search(data):
            self.alone.append(" ".join(data.split()))
