"""What a form under /lapor/ brings instead of a session: a sealed token, and work that was done for it.

Sending costs work, not an address: with script the browser finds a number whose hash begins with so many zero bits;
without script the form must have been open for a while, and all such sends together share one narrow lane.
Nothing here is stored but figures in memory, without anybody's mark.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass

from django.core.cache import cache

from layanan import report_crypto
from wbbm.errors import DomainError

SEND, OPEN, ADD = "send", "open", "add"
MOST_SECONDS = 12 * 3600
# Zero bits in quiet times (about 30,000 hashes: a second on a cheap phone), and one more whenever the sends of ten
# minutes double.
EASY_BITS, HARD_BITS = 15, 22
_EASY_FOR = 20
# By how much less work than asked now a form may bring that was made earlier.
_LAG_BITS = 2
# Without script: seconds that a form must have been open, and how many in ten minutes for everybody together.
WAIT_SECONDS = {SEND: 20, OPEN: 2, ADD: 5}
SLOW_LANE = {SEND: 15, OPEN: 60, ADD: 30}
# Of all sends together in ten minutes, whatever work was done for them: a flood buries no report.
MOST_SENDS = 120
# How often in ten minutes one piece of work, or one form of the slow lane, may be shown: again after a refused photo.
MOST_TRIES = 5
WINDOW_SECONDS = 600


class StaleForm(DomainError):
    """The form is none of ours, or was open too long."""

    status = 422
    code = "stale"


class TooSoon(DomainError):
    """Without script the form was sent faster than it may be."""

    status = 422
    code = "soon"


class TooMany(DomainError):
    """The lane without script is full, or everybody's is."""

    status = 429
    code = "busy"


@dataclass(frozen=True)
class FormToken:
    """What a form carries: its purpose, challenge and difficulty, when it was made, and the secrets of its send."""

    purpose: str
    challenge: str
    bits: int
    made_at: int
    # The code that the receipt will show, or that opened the thread; and the id that what is sent will have: a
    # repeat is the same send.
    code: str
    send_id: str

    def __str__(self) -> str:
        return report_crypto.seal_token(self.__dict__)


def new_token(purpose: str, code: str = "") -> FormToken:
    """Make the token of a form that is about to be shown; that of an addition knows the code of its thread."""
    return FormToken(
        purpose=purpose,
        challenge=secrets.token_hex(16),
        bits=_bits_now(),
        made_at=int(time.time()),
        code=report_crypto.new_code() if purpose == SEND else code,
        send_id=str(uuid.uuid4()),
    )


def read_token(text: str, purpose: str) -> FormToken:
    """Read a token that came back.

    Raises:
        StaleForm: none of ours, of another form, or older than MOST_SECONDS.
    """
    try:
        token = FormToken(**report_crypto.unseal_token(text))
    except (report_crypto.Unreadable, TypeError) as fault:
        raise StaleForm(_STALE) from fault
    if token.purpose != purpose or not 0 <= time.time() - token.made_at <= MOST_SECONDS:
        raise StaleForm(_STALE)
    return token


def admit(token: FormToken, proof: str, subject: str = "") -> None:
    """Let a send pass: by its work, or by the lane of those without script.

    Args:
        token: what the form carried.
        proof: the number that the browser found; empty without script.
        subject: what the work is bound to, besides the token: each code that is tried costs work anew.

    Raises:
        TooSoon: no work, and the form was not open long enough.
        TooMany: no work, and the lane is full; or too many sends of any kind.
        StaleForm: the work was enough when the form was made, in quieter times; or it was shown too often.
    """
    if token.purpose == SEND and _counted("semua") >= MOST_SENDS:
        raise TooMany(_FULL)
    tries = _admit_by_work(token, proof, subject) if is_proved(token, proof, subject) else _admit_slowly(token, subject)
    # What is refused counts for nothing: who does no work can't fill everybody's lane.
    if token.purpose == SEND and tries == 1:
        _count("semua")


def _admit_by_work(token: FormToken, proof: str, subject: str) -> int:
    """Return how often this very work was shown: a photo that is refused may be chosen anew, a flood may not."""
    # Forms that were fetched for a flood before it began are worth no more than others.
    if token.bits < _bits_now() - _LAG_BITS:
        raise StaleForm("Sedang banyak kiriman. Isian Anda masih ada di bawah; tekan tombolnya sekali lagi.")
    tries = _count(f"tanda-{_work(token, proof, subject).hex()}")
    if tries > MOST_TRIES:
        raise StaleForm(_STALE)
    if tries == 1:
        _count(f"kerja-{token.purpose}")
    return tries


def _admit_slowly(token: FormToken, subject: str) -> int:
    """Return how often this very form was shown: it takes one place in the lane, and not for ever."""
    wait = WAIT_SECONDS[token.purpose]
    if time.time() - token.made_at < wait:
        raise TooSoon(f"Tunggu {wait} detik sejak halaman dibuka, lalu tekan tombolnya sekali lagi.")
    mark = f"tanda-pelan-{hashlib.sha256(f'{token.challenge}:{subject}'.encode()).hexdigest()}"
    if not _counted(mark) and _count(f"pelan-{token.purpose}") > SLOW_LANE[token.purpose]:
        raise TooMany(_FULL)
    tries = _count(mark)
    if tries > MOST_TRIES:
        raise StaleForm(_STALE)
    return tries


def is_proved(token: FormToken, proof: str, subject: str = "") -> bool:
    """Tell whether the number does the work that the token asks for."""
    if not proof.isascii() or not proof.isdigit() or len(proof) > 12:
        return False
    return int.from_bytes(_work(token, proof, subject), "big") >> (256 - token.bits) == 0


def _work(token: FormToken, proof: str, subject: str) -> bytes:
    return hashlib.sha256(f"{token.challenge}:{subject}:{proof}".encode()).digest()


def _bits_now() -> int:
    sends = sum(_counted(f"kerja-{purpose}") for purpose in (SEND, OPEN, ADD))
    return min(HARD_BITS, EASY_BITS + max(0, (sends // _EASY_FOR).bit_length()))


def _counted(name: str) -> int:
    return int(cache.get(_slot(name), 0))


def _count(name: str) -> int:
    key = _slot(name)
    cache.add(key, 0, timeout=WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:
        # The window ended in between.
        return 1


def _slot(name: str) -> str:
    return f"lapor-{name}-{_window()}"


def _window() -> int:
    return int(time.time()) // WINDOW_SECONDS


_FULL = "Sedang banyak kiriman dari mana-mana. Tunggu sepuluh menit, lalu tekan tombolnya sekali lagi."
_STALE = "Formulir ini sudah terlalu lama terbuka. Isian Anda masih ada di bawah; tekan tombolnya sekali lagi."
