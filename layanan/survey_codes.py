"""The codes of one-time tokens: how they are made, typed, and kept."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.utils.crypto import salted_hmac

# Crockford's base 32: no I, L, O, U. Twelve of them are 60 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_GROUP = 4
_READ_AS = str.maketrans("OIL", "011", " -\t\r\n")


def new_code() -> str:
    """Return a fresh code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def grouped(code: str) -> str:
    """Return the code as it is printed: AB12-CD34-EF56."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def typed(text: str) -> str:
    """Return the code that was meant: small letters, O for 0, I and L for 1, with or without hyphens."""
    return text.strip().upper().translate(_READ_AS)


def hashed(code: str) -> str:
    """Return what is kept of a code: its hash under a key that is not in the database."""
    return salted_hmac("layanan.survey.token", code, secret=settings.REPORT_KEY, algorithm="sha256").hexdigest()
