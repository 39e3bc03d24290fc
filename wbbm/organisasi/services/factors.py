"""The second factor of a person: set up, checked, removed. Who must have one, and how guessing is slowed down.

docs/keputusan/0019-faktor-kedua.md says against whom, and what this can't do.
"""

from __future__ import annotations

import base64
import datetime
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django_otp.oath import hotp

from wbbm.organisasi.errors import AlreadyDone, OrganisationError
from wbbm.organisasi.models import RecoveryCode, Role, SecondFactor, User
from wbbm.organisasi.sealing import Unreadable, keyed_hashes, seal, unseal
from wbbm.organisasi.signed_in import FACTOR

from .audit import record_own

# Who holds one of these at this moment needs a second factor, where SECOND_FACTOR says "required".
OBLIGED_ROLES = frozenset({Role.ADMIN, Role.AUDITOR, Role.INTEGRITY_OFFICER})
STEP_SECONDS = 30
DRIFT_STEPS = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
# Figures only, as the phone shows figures for this field; 40 bits, and the hash has a key.
_CODE_LENGTH = 12
_GROUP = 4
# Five wrong codes are free; then every further try waits twice as long, a quarter of an hour at most.
FREE_FAILURES = 5
_FIRST_WAIT = 10
_LONGEST_WAIT = 900
# No row has this number.
_UNREAD = -1
_log = logging.getLogger(__name__)


_on_set_up: list[Callable[[User], None]] = []


def on_set_up(callback: Callable[[User], None]) -> None:
    """Let an app above learn, inside the transaction, that a person set a second factor up."""
    if callback not in _on_set_up:
        _on_set_up.append(callback)


class WrongCode(OrganisationError):
    """The code is not the one of this moment, or was used."""


class TooFast(OrganisationError):
    """Too many wrong codes; says how long to wait."""

    status = 429

    def __init__(self, seconds: int) -> None:
        wait = f"{seconds} detik" if seconds < 120 else f"{-(-seconds // 60)} menit"
        super().__init__(f"Terlalu banyak kode yang salah. Coba lagi dalam {wait}.")
        self.seconds = seconds


@dataclass(frozen=True)
class Checked:
    """How a person proved himself, and by which factor."""

    factor_id: int
    by_recovery: bool


def is_required(user: User) -> bool:
    """Tell whether an office that the person holds now asks for a second factor."""
    return settings.SECOND_FACTOR == "required" and user.scope.has_role(*OBLIGED_ROLES)


def factor_id_of(user: User) -> int | None:
    """Return the number of the person's second factor; None without one. Costs nothing for who is signed in."""
    known: int | None = getattr(user, FACTOR, _UNREAD)
    if known != _UNREAD:
        return known
    return SecondFactor.objects.filter(user=user).values_list("pk", flat=True).first()


# --- setting up -------------------------------------------------------------------------------------------


def new_secret(user: User) -> str:
    """Return a fresh key for the person, sealed, as the session keeps it until a code of it was right."""
    fresh = secrets.token_bytes(SECRET_BYTES)
    return base64.b64encode(seal(fresh, purpose="new-factor", place=str(user.pk))).decode()


def _opened(kept: str, user: User) -> bytes:
    return unseal(base64.b64decode(kept), purpose="new-factor", place=str(user.pk))[0]


def invitation(kept: str, user: User) -> Invitation:
    """Return the key that a session keeps, to be shown to the person."""
    return Invitation(base64.b32encode(_opened(kept, user)).decode(), user.username)


@dataclass(frozen=True)
class Invitation:
    """A key as it is shown once: to be scanned, typed, or opened on the phone itself."""

    secret: str
    username: str

    @property
    def groups(self) -> tuple[str, ...]:
        """The key in groups of four, to be typed."""
        return tuple(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))

    @property
    def address(self) -> str:
        """The address that an app for codes understands."""
        issuer = "Zona Integritas (contoh)" if settings.IS_DEMO else "Zona Integritas"
        facts = {"secret": self.secret, "issuer": issuer, "digits": 6, "period": STEP_SECONDS}
        return f"otpauth://totp/{quote(f'{issuer}:{self.username}')}?{urlencode(facts, quote_via=quote)}"

    @property
    def picture(self) -> SafeString:
        """The address as a QR code (SVG without styles)."""
        drawn = segno.make(self.address, error="l").svg_inline(
            border=2, omitsize=True, svgclass="zi-qr", lineclass=None, title="Kode QR faktor kedua"
        )
        return mark_safe(drawn)  # noqa: S308 (drawn by segno from our own address)


def set_up(*, user: User, kept: str, typed: str) -> list[str]:
    """Let the person's phone make the codes from now on; every other session ends. Return the recovery codes.

    Args:
        kept: the key as new_secret gave it.

    Raises:
        WrongCode: the phone shows another code: scanned wrong, or its clock is off.
        AlreadyDone: somebody (perhaps a first click) has just set one up.
    """
    secret = _opened(kept, user)
    step = _step_of(secret, typed)
    if step is None:
        raise WrongCode("Kode tidak cocok. Periksa jam ponsel (atur otomatis), lalu ketik kode yang sedang tampil.")
    try:
        with transaction.atomic():
            before = SecondFactor.objects.filter(user=user).first()
            SecondFactor.objects.filter(user=user).delete()
            factor = SecondFactor.objects.create(user=user, sealed_secret=_sealed(secret, user), last_step=step)
            # Who proved the old one and goes on with a new phone is still the same.
            if before is not None and before.approved_at is not None:
                facts = {"approved_by": before.approved_by_id, "approved_at": before.approved_at}
                SecondFactor.objects.filter(pk=factor.pk).update(**facts)
            codes = _fresh_codes(factor)
            _end_sessions(user)
            record_own("factor.set-up" if before is None else "factor.replaced", user)
            for callback in _on_set_up:
                callback(user)
    except IntegrityError as fault:
        raise AlreadyDone("Faktor kedua baru saja dipasang dari halaman lain.") from fault
    return codes


def renew_codes(*, user: User) -> list[str]:
    """Make new recovery codes; the printed ones end.

    Raises:
        OrganisationError: there is no second factor.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.filter(user=user).first()
        if factor is None:
            raise OrganisationError("Faktor kedua belum dipasang.")
        codes = _fresh_codes(factor)
        record_own("factor.codes-made", user)
    return codes


def remove(*, user: User) -> None:
    """Give the second factor up; every other session ends.

    Raises:
        OrganisationError: an office asks for it.
        AlreadyDone: there is none any more.
    """
    if is_required(user):
        raise OrganisationError("Penugasan Anda mewajibkan faktor kedua. Anda dapat memasang ulang di ponsel lain.")
    with transaction.atomic():
        if not SecondFactor.objects.filter(user=user).delete()[0]:
            raise AlreadyDone("Faktor kedua sudah tidak terpasang.")
        _end_sessions(user)
        record_own("factor.removed", user)


def _end_sessions(user: User) -> None:
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def _fresh_codes(factor: SecondFactor) -> list[str]:
    RecoveryCode.objects.filter(factor=factor).delete()
    codes = [f"{secrets.randbelow(10**_CODE_LENGTH):0{_CODE_LENGTH}d}" for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, code_hash=_hashes(factor, code)[0]) for code in codes)
    return [" ".join(code[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP)) for code in codes]


# --- checking ---------------------------------------------------------------------------------------------


def check_code(*, user: User, typed: str, address: str | None = None) -> Checked:
    """Take a code of the phone, or a printed one, once.

    The try is counted before the code is looked at: of a thousand sent at once one is looked at.

    Raises:
        WrongCode: it is not the code of this moment, or was used.
        TooFast: too many were wrong.
    """
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        raise WrongCode("Faktor kedua akun ini sudah tidak terpasang. Masuk lagi dari awal.")
    _take_turn(factor)
    text = _figures(typed)
    is_recovery = len(text) == _CODE_LENGTH
    if not (_use_recovery_code(factor, text) if is_recovery else _use_phone_code(factor, text)):
        record_own("factor.refused", user, address=address)
        if is_recovery:
            raise WrongCode("Kode pemulihan tidak cocok atau sudah pernah dipakai. Pakai kode lain dari lembar Anda.")
        raise WrongCode("Kode tidak cocok atau sudah dipakai. Tunggu kode berikutnya di ponsel, lalu ketik kode itu.")
    if is_recovery:
        record_own("factor.recovery-used", user, address=address)
    return Checked(factor.pk, is_recovery)


def _take_turn(factor: SecondFactor) -> None:
    now = timezone.now()
    failures = factor.failures + 1
    wait = 0
    if failures >= FREE_FAILURES:
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(failures - FREE_FAILURES, 10))
    turn = SecondFactor.objects.filter(pk=factor.pk, failures=factor.failures, next_at__lte=now)
    if not turn.update(failures=failures, next_at=now + datetime.timedelta(seconds=wait)):
        left = int((factor.next_at - now).total_seconds()) + 1
        raise TooFast(max(1, left))


def _forget_failures(factor: SecondFactor) -> dict[str, object]:
    return {"failures": 0, "next_at": timezone.now()}


def _use_phone_code(factor: SecondFactor, text: str) -> bool:
    try:
        secret, is_fresh = unseal(bytes(factor.sealed_secret), purpose="factor", place=str(factor.user_id))
    except Unreadable:
        _log.error("second factor %s can't be read: REPORT_KEY changed", factor.pk)
        raise WrongCode(
            "Faktor kedua tidak dapat dibaca karena kunci server berganti. Hubungi penjaga server (REPORT_KEY)."
        ) from None
    step = _step_of(secret, text)
    if step is None:
        return False
    facts = _forget_failures(factor)
    if not is_fresh:
        facts["sealed_secret"] = _sealed(secret, factor.user)
    return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step, **facts))


def _use_recovery_code(factor: SecondFactor, text: str) -> bool:
    unused = RecoveryCode.objects.filter(factor=factor, code_hash__in=_hashes(factor, text), used_at__isnull=True)
    if not unused.update(used_at=timezone.now()):
        return False
    SecondFactor.objects.filter(pk=factor.pk).update(**_forget_failures(factor))
    return True


def _step_of(secret: bytes, typed: str) -> int | None:
    """Return the time step whose code was typed: this one, the one before or the next; None otherwise."""
    text = _figures(typed)
    now = int(time.time()) // STEP_SECONDS
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(f"{hotp(secret, step):06d}".encode(), text.encode()):
            found = step
    return found


def _figures(typed: str) -> str:
    """Return the figures of what was typed: blanks and dashes don't matter."""
    return "".join(sign for sign in typed[:100] if sign.isascii() and sign.isdigit())


def _sealed(secret: bytes, user: User) -> bytes:
    return seal(secret, purpose="factor", place=str(user.pk))


def _hashes(factor: SecondFactor, code: str) -> list[str]:
    return keyed_hashes(f"{factor.pk}:{code}", purpose="recovery")


# --- what a page says of it -------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactorState:
    """What may be said of a second factor; never its key."""

    since: datetime.datetime | None
    codes_left: int
    is_approved: bool = False

    @property
    def is_on(self) -> bool:
        """Tell whether there is one."""
        return self.since is not None


def read_state(user: User) -> FactorState:
    """Read since when there is one, and how many recovery codes are left (two queries)."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return FactorState(None, 0)
    left = factor.recovery_codes.filter(used_at__isnull=True).count()
    return FactorState(factor.confirmed_at, left, factor.approved_at is not None)
