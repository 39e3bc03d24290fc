"""Codes of final sheets, superseded by a reopening; and what anybody asks: a code, a content, the bytes of a file."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from django.utils import timezone

from supervisi.models import Checklist, Document, DocumentStatus, VerificationCode

# Without I, L, O and U, so that what is read aloud or typed is not mistaken. 28 letters are 140 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 28
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_HASH = re.compile(r"[0-9a-f]{64}")


def make_code(checklist: Checklist, content_hash: str) -> VerificationCode:
    """Give a sheet that has just become final its code; called within that transaction."""
    made = code_of(checklist, content_hash)
    made.save(force_insert=True)
    return made


def code_of(checklist: Checklist, content_hash: str) -> VerificationCode:
    """Return a fresh code of a sheet, not stored yet."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    made_at = checklist.final_at or timezone.now()
    return VerificationCode(code=code, checklist=checklist, content_hash=content_hash, made_at=made_at)


def supersede_codes(checklist: Checklist) -> int:
    """Mark the codes of a sheet that is opened again; return how many. Called within that transaction."""
    return VerificationCode.objects.valid().filter(checklist=checklist).update(superseded_at=timezone.now())


@dataclass(frozen=True)
class Verdict:
    """What is told about a code, a content's hash or a file's; nothing of the content."""

    # "valid", "superseded" or "unknown"
    state: str
    code: VerificationCode | None = None
    # The document whose very bytes were meant, in place of a code.
    document: Document | None = None


def typed_code(text: str) -> str:
    """Return what was typed as it is stored: a code, or a hash in small letters."""
    bare = re.sub(r"[\s\-–.]", "", text)[:80]
    if _HASH.fullmatch(bare.lower()):
        return bare.lower()
    return bare.upper().translate(_MISREAD)


def look_up(text: str) -> Verdict:
    """Say whether a code or a content's hash is of a final sheet as it is now, or a file's of a current document."""
    wanted = typed_code(text)
    if _HASH.fullmatch(wanted):
        # The same content may have been final twice: what is valid counts.
        rows = VerificationCode.objects.filter(content_hash=wanted).order_by("-superseded_at", "-pk")
        found = rows.filter(superseded_at__isnull=True).first() or rows.first()
        if found is None:
            return _look_up_file(wanted)
    elif len(wanted) == CODE_LENGTH and set(wanted) <= set(ALPHABET):
        found = VerificationCode.objects.filter(code=wanted).first()
    else:
        found = None
    if found is None:
        return Verdict("unknown")
    return Verdict("superseded" if found.superseded_at else "valid", found)


def _look_up_file(sha256: str) -> Verdict:
    """Say whether the bytes are those of a document; other files of the portal are as unknown as any."""
    rows = Document.objects.filter(file__sha256=sha256)
    ready = rows.ready().first()
    if ready is not None:
        return Verdict("valid", document=ready)
    old = rows.filter(status=DocumentStatus.SUPERSEDED).first()
    return Verdict("unknown") if old is None else Verdict("superseded", document=old)
