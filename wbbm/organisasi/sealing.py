"""How keys of second factors are kept unreadable in the database: AES-GCM under REPORT_KEY, which stands outside.

REPORT_KEY may list several keys, parted by commas: the first one writes, all of them read. SECRET_KEY would lock
everybody out when it is changed, which an operator must be able to do at any time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12


class Unreadable(Exception):
    """No key of REPORT_KEY opens it."""


def _keys() -> list[bytes]:
    return [part.strip().encode() for part in settings.REPORT_KEY.split(",") if part.strip()]


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"wbbm.organisasi.{purpose}".encode(), hashlib.sha256).digest()


def seal(data: bytes, *, purpose: str, place: str) -> bytes:
    """Encrypt for one place: moved to another row, or changed by a bit, it opens no more."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_derived(_keys()[0], purpose)).encrypt(nonce, data, place.encode())


def unseal(sealed: bytes, *, purpose: str, place: str) -> tuple[bytes, bool]:
    """Decrypt; return the data, and whether the key that writes now had sealed it.

    Raises:
        Unreadable: no key opens it.
    """
    for number, key in enumerate(_keys()):
        try:
            data = AESGCM(_derived(key, purpose)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            continue
        return data, number == 0
    raise Unreadable(purpose)


def keyed_hashes(text: str, *, purpose: str) -> list[str]:
    """Return the hash of a text under every key, that of the writing key first."""
    return [hmac.new(_derived(key, purpose), text.encode(), hashlib.sha256).hexdigest() for key in _keys()]
