"""Lines of an iCalendar file (RFC 5545): escaped, folded at 75 octets, ended by CRLF."""

from __future__ import annotations

import datetime

_MOST_OCTETS = 75
_ESCAPES = (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n"))


def text(value: str) -> str:
    """Escape a TEXT value; other control characters are dropped."""
    for plain, escaped in _ESCAPES:
        value = value.replace(plain, escaped)
    return "".join(char for char in value if char == "\t" or (char >= " " and char != "\x7f"))


def date(day: datetime.date) -> str:
    """Write a DATE."""
    return f"{day:%Y%m%d}"


def moment(at: datetime.datetime) -> str:
    """Write a DATE-TIME in UTC."""
    return f"{at.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"


def folded(line: str) -> str:
    """Fold a line at 75 octets, never within a character."""
    parts, part, size = [], "", 0
    for char in line:
        width = len(char.encode())
        if size + width > _MOST_OCTETS:
            parts.append(part)
            part, size = " ", 1
        part, size = part + char, size + width
    return "\r\n".join([*parts, part])


def document(lines: list[str]) -> bytes:
    """Put the lines together."""
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()
