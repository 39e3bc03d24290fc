"""A phone with an app for codes, in the hands of a test; its clock is the test's."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from types import SimpleNamespace

from django.test import Client
from django_otp.oath import hotp

from wbbm.organisasi.models import User
from wbbm.organisasi.services import factors


@dataclass
class Clock:
    """The server's time, in steps of codes: a code is taken once, so a story goes on step by step."""

    now: float = 1_800_000_000.0

    def time(self) -> float:
        """Return the time as time.time does."""
        return self.now

    def next_code(self) -> None:
        """Wait for the next code."""
        self.now += factors.STEP_SECONDS


class WallClock(Clock):
    """The real time, and after next_code one step more, which a server takes as well."""

    def __init__(self) -> None:
        self.now = 0

    def time(self) -> float:
        """Return the time as time.time does."""
        return time.time() + self.now


def stopped_clock(monkeypatch) -> Clock:
    """Let codes follow a clock of the test's own."""
    clock = Clock()
    monkeypatch.setattr(factors, "time", SimpleNamespace(time=clock.time))
    return clock


@dataclass
class Phone:
    """An app that holds one key."""

    secret: str
    clock: Clock

    def code(self, steps: int = 0) -> str:
        """Return the code shown now, or so many steps later."""
        step = int(self.clock.time()) // factors.STEP_SECONDS + steps
        return f"{hotp(base64.b32decode(self.secret), step):06d}"


def shown_secret(page: str) -> str:
    """Return the key that a set-up page shows to be typed."""
    return "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page))


def shown_codes(page: str) -> list[str]:
    """Return the recovery codes that a page shows."""
    return re.findall(r"<li>(\d{4} \d{4} \d{4})</li>", page)


def give_phone(user: User, clock: Clock) -> Phone:
    """Set a second factor up for a person, past the pages."""
    kept = factors.new_secret(user)
    phone = Phone(factors.invitation(kept, user).secret, clock)
    factors.set_up(user=user, kept=kept, typed=phone.code())
    clock.next_code()
    return phone


def sign_in(client: Client, user: User, password: str, code: str | None = None):
    """Sign in as a person does; return the answer to the last step."""
    answer = client.post("/masuk/", {"username": user.username, "password": password})
    return answer if code is None else client.post("/masuk/kode/", {"code": code})
