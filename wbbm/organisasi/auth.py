"""Sign-in by user name or NRP, and how wrong passwords are counted.

Axes counts per person *and* address together (settings): one officer's typos lock nobody else out. Beside it stands a
slower limit per person whatever the address: after FREE_FAILURES within an hour one try in PACE_SECONDS is taken, the
others are told how long to wait. So that nobody can keep the person out by guessing: a device from which he signed in
before is exempt, an address that axes locked takes no turn, and addresses that failed WORN_AFTER times of late share
turns of their own.
"""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from .models import SignInPace, User
from .signed_in import read_person

FREE_FAILURES = 20
WORN_AFTER = 3
FORGET_AFTER = datetime.timedelta(hours=1)
PACE_SECONDS = 5
MAX_NAME = 150
MAX_PASSWORD = 1024
DEVICE_COOKIE = "__Host-perangkat" if settings.IS_HTTPS else "perangkat"
DEVICE_AGE = 90 * 24 * 3600
_DEVICE_SALT = "wbbm.device"


def find_user(typed: str) -> User | None:
    """Return the person with this user name or NRP, in any case, with or without blanks; None when there is none."""
    name = typed.strip()
    if not name or len(name) > MAX_NAME or "\0" in name:
        return None
    found = User.objects.filter(Q(username__iexact=name) | Q(nrp__iexact=name) | Q(nrp__iexact=_compact(name)))
    return found.order_by("pk").first()


def _compact(name: str) -> str:
    """Return an NRP as it is stored; a name that is no number stays."""
    plain = name.replace(" ", "").replace(".", "")
    return plain if plain.isdigit() else name


def may_sign_in(user: User) -> bool:
    """Refuse closed people, and demo accounts where DEMO is not set."""
    return user.is_active and (settings.IS_DEMO or not user.is_demo)


class PostingBackend(BaseBackend):
    """Authenticates people; what they may do, their postings say."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the person, or None; an unknown name takes as long as a wrong password."""
        if not username or not password or len(password) > MAX_PASSWORD or "\0" in password:
            return None
        user = find_user(username)
        if user is None:
            make_password(password)
            return None
        if not user.check_password(password) or not may_sign_in(user):
            return None
        return user

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session."""
        user = read_person(user_id)
        return user if user is not None and may_sign_in(user) else None


# --- Axes' callables ---------------------------------------------------------------------------------


def resolved_username(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the user name that is counted: the person's own, whether he typed it or his NRP."""
    typed = str((credentials or {}).get("username") or "")
    if not typed and request is not None:
        typed = str(request.POST.get("username", ""))
    user = find_user(typed)
    # A name that nobody has is counted in one spelling as well: else counting would tell which names exist.
    return user.username if user else _compact(typed.strip()).lower().replace("\0", "")[:MAX_NAME]


def true_address(request: HttpRequest) -> str | None:
    """Return the client's address (wbbm.middleware believed the right proxies already)."""
    return request.META.get("REMOTE_ADDR") or None


def client_address(request: HttpRequest) -> str:
    """Return the address that is counted: of IPv6 the network (/64), within which one device changes at will."""
    typed = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(typed)
    except ValueError:
        return typed
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)


def attempts_of(username: str, address: str | None = None) -> list[AccessAttempt]:
    """Return the failures that count now, by browser, oldest first; from one address or from all."""
    rows = AccessAttempt.objects.filter(username=username, attempt_time__gt=timezone.now() - _cool_off())
    if address is not None:
        rows = rows.filter(ip_address=address)
    return list(rows.order_by("attempt_time"))


def _cool_off() -> datetime.timedelta:
    return datetime.timedelta(hours=settings.AXES_COOLOFF_TIME)


def locked_until(request: HttpRequest, username: str) -> datetime.datetime | None:
    """Return when the person may try again from this address; None when he may now."""
    return lock_ends(attempts_of(username, client_address(request)))


def lock_ends(attempts: list[AccessAttempt]) -> datetime.datetime | None:
    """Return when the failures from one address, oldest first, stop locking it; None when they don't."""
    left = sum(attempt.failures_since_start for attempt in attempts)
    until = None
    for attempt in attempts:
        if left < settings.AXES_FAILURE_LIMIT:
            break
        left -= attempt.failures_since_start
        until = attempt.attempt_time + _cool_off()
    return until


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *args: Any) -> HttpResponse:
    """Say until when no more tries are taken from here."""
    until = locked_until(request, resolved_username(request, credentials)) or timezone.now()
    # To the minute, and never a minute too early.
    clock = timezone.localtime(until + datetime.timedelta(seconds=59))
    text = f"Terlalu banyak percobaan. Coba lagi pukul {clock:%H.%M} atau hubungi admin satuan."
    return render(request, "organisasi/sign_in.html", {"locked": text}, status=429)


# --- the slower limit ----------------------------------------------------------------------------------


def seconds_to_wait(request: HttpRequest, username: str) -> int:
    """Take the next slot of the person and return 0, or return how many seconds to wait."""
    now = timezone.now()
    pace = SignInPace.objects.filter(username=username).first()
    if pace is None or pace.failures < FREE_FAILURES or now - pace.last_at > FORGET_AFTER:
        return 0
    if is_known_device(request, username):
        return 0
    failed_here = sum(attempt.failures_since_start for attempt in attempts_of(username, client_address(request)))
    turn = "worn_next_at" if failed_here >= WORN_AFTER else "next_at"
    slot = now + datetime.timedelta(seconds=PACE_SECONDS)
    if SignInPace.objects.filter(**{"username": username, f"{turn}__lte": now}).update(**{turn: slot}):
        return 0
    return max(1, int((getattr(pace, turn) - now).total_seconds()) + 1)


def note_failure(username: str) -> None:
    """Count a wrong password."""
    if not username:
        return
    now = timezone.now()
    row = SignInPace.objects.filter(username=username)
    if row.filter(last_at__lt=now - FORGET_AFTER).update(failures=1, last_at=now):
        return
    if not row.update(failures=F("failures") + 1, last_at=now):
        SignInPace.objects.bulk_create(
            [SignInPace(username=username, failures=1, last_at=now, next_at=now, worn_next_at=now)],
            ignore_conflicts=True,
        )


def forget_failures(username: str) -> None:
    """Start counting anew, from wherever (a link was used, or an admin cleared it)."""
    AccessAttempt.objects.filter(username=username).delete()
    forget_pace(username)


def forget_pace(username: str) -> None:
    """Start the slower limit anew (after a success; axes starts its own for the address)."""
    SignInPace.objects.filter(username=username).delete()


def is_known_device(request: HttpRequest, username: str) -> bool:
    """Tell whether the person signed in from this device before."""
    try:
        known = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=_DEVICE_SALT, max_age=DEVICE_AGE)
    except signing.BadSignature:
        return False
    return isinstance(known, list) and username in known


def remember_device(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Give the device a signed note that the person signed in here; it grants nothing by itself."""
    names = [username]
    try:
        known = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=_DEVICE_SALT, max_age=DEVICE_AGE)
        names += [name for name in known if name != username][:9]
    except signing.BadSignature:
        pass
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps(names, salt=_DEVICE_SALT),
        max_age=DEVICE_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
