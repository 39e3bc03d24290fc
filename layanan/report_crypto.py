"""How reports are kept unreadable: content by AES-GCM, codes as keyed hashes. The keys stand outside the database.

REPORT_KEY may list several keys, parted by commas: the first one writes, all of them read (docs/operasi.md).
Fernet is not used: its tokens carry the second in which they were made, in the clear.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12
# Lengths are rounded up, so that a row's size does not tell which story it holds.
_BLOCK = 1024
_PHOTO_BLOCK = 64 * 1024
# Crockford's alphabet: no I, L, O, U. 30 signs are 150 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 30
_GROUP = 5
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


class Unreadable(Exception):
    """No key of REPORT_KEY opens it: changed, of another place, or its key was taken out of the list."""


def keys() -> list[bytes]:
    """Return the keys, the one that writes first."""
    return [part.strip().encode() for part in settings.REPORT_KEY.split(",") if part.strip()]


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"wbbm.layanan.reports.{purpose}".encode(), hashlib.sha256).digest()


def seal(data: bytes, *, purpose: str, place: str = "") -> bytes:
    """Encrypt; what is moved to another place, or changed by a bit, opens no more."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_derived(keys()[0], purpose)).encrypt(nonce, data, place.encode())


def unseal(sealed: bytes, *, purpose: str, place: str = "") -> bytes:
    """Decrypt.

    Raises:
        Unreadable: no key opens it.
    """
    for key in keys():
        try:
            return AESGCM(_derived(key, purpose)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            continue
    raise Unreadable(purpose)


def seal_facts(facts: dict[str, Any], *, place: str) -> bytes:
    """Encrypt a document, padded to full blocks."""
    data = json.dumps(facts, ensure_ascii=False).encode()
    return seal(data + b" " * (-len(data) % _BLOCK), purpose="content", place=place)


def unseal_facts(sealed: bytes, *, place: str) -> dict[str, Any]:
    """Decrypt a document."""
    found: dict[str, Any] = json.loads(unseal(sealed, purpose="content", place=place))
    return found


def seal_photo(photo: bytes, *, place: str) -> bytes:
    """Encrypt a picture that we encoded (JPEG or PNG: neither ends in a zero), padded to full blocks."""
    return seal(photo + bytes(-len(photo) % _PHOTO_BLOCK), purpose="photo", place=place)


def unseal_photo(sealed: bytes, *, place: str) -> bytes:
    """Decrypt a picture."""
    return unseal(sealed, purpose="photo", place=place).rstrip(b"\0")


# --- codes ----------------------------------------------------------------------------------------------


def new_code() -> str:
    """Return a fresh receipt code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def grouped(code: str) -> list[str]:
    """Return a code in groups, as it is read and written down."""
    return [code[start : start + _GROUP] for start in range(0, len(code), _GROUP)]


def typed_code(text: str) -> str:
    """Return a typed code without spaces and dashes, look-alikes read as what they are; whatever was typed else."""
    kept = "".join(sign for sign in text[:200].upper() if sign.isascii() and sign.isalnum())
    return kept.translate(_READ_AS)[: CODE_LENGTH + 1]


def code_hashes(code: str) -> list[str]:
    """Return the keyed hash of a code under every key, that of the writing key first."""
    return [hmac.new(_derived(key, "code"), code.encode(), hashlib.sha256).hexdigest() for key in keys()]


# --- tokens ---------------------------------------------------------------------------------------------


def seal_token(facts: dict[str, Any]) -> str:
    """Return what a form carries: unreadable and unchangeable for whoever holds it."""
    return base64.urlsafe_b64encode(seal(json.dumps(facts).encode(), purpose="token")).decode()


def unseal_token(text: str) -> dict[str, Any]:
    """Read what a form carried.

    Raises:
        Unreadable: it is none of ours.
    """
    try:
        found: dict[str, Any] = json.loads(unseal(base64.urlsafe_b64decode(text.encode()), purpose="token"))
    except (ValueError, UnicodeEncodeError) as fault:
        raise Unreadable("token") from fault
    return found
