"""A burst of survey answers on the demo district: `python -m bench.surveys [POSTS]`; prints the figures as JSON.

Every valid token is sent twice by clients that all begin at once, while somebody at another address guesses codes and a
commander looks at his pages. Afterwards every valid token must have voted once, and nothing else. Runs on SQLite in a
folder of its own, or on the DATABASE_URL of the environment.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="wbbm-survei-"))
os.environ |= {"DEMO": "1", "DJANGO_SETTINGS_MODULE": "wbbm.settings"}

import django

django.setup()

from bench.load import Load  # noqa: E402
from layanan.models import SurveyAnswer, SurveyTally, SurveyToken, TokenBatch  # noqa: E402
from layanan.survey_codes import hashed, new_code  # noqa: E402
from tests.browser.conftest import session_cookies  # noqa: E402
from tests.demo_stack import demo_stack  # noqa: E402
from wbbm.organisasi.models import Unit, User  # noqa: E402

CLIENTS = 32
GUESSES = 500
STARS = urlencode({f"spkp-{n}": 5 for n in range(1, 9)} | {f"spak-{n}": 6 for n in range(1, 6)})
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Burst:
    """What came back: statuses, milliseconds, and how long it took."""

    statuses: Counter[int] = field(default_factory=Counter)
    spent: list[float] = field(default_factory=list)
    seconds: float = 0.0


def make_codes(count: int) -> list[str]:
    """Make tokens at the Polres in bulk."""
    today = TokenBatch.objects.latest("issued_on").issued_on
    batch = TokenBatch.objects.create(
        unit=Unit.objects.get(code="polres-tuban"), service="sim-baru", bundle="zi", is_screen=False,
        issued_on=today, expires_on=today.replace(year=today.year + 1),
    )  # fmt: skip
    codes = [new_code() for _ in range(count)]
    SurveyToken.objects.bulk_create(
        [SurveyToken(code_hash=hashed(code), batch=batch) for code in codes], batch_size=500
    )
    return codes


def votes() -> tuple[int, int]:
    """Return how many answers to SPKP there are by token, and how many the tallies count."""
    answers = SurveyAnswer.objects.filter(questionnaire__code="spkp", is_open=False).count()
    tallies = SurveyTally.objects.filter(questionnaire__code="spkp", is_open=False)
    return answers, sum(tallies.values_list("count", flat=True))


def send(port: int, paths: list[str], guesses: list[str]) -> tuple[Burst, Burst]:
    """Send an answer to every address from CLIENTS clients at once, and the guesses from another address."""
    found, guessed, gate = Burst(), Burst(), threading.Barrier(CLIENTS + 1)

    def client(paths: list[str], found: Burst, address: str) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(address, 0))
        gate.wait()
        for path in paths:
            began = time.perf_counter()
            link.request("POST", path, STARS, FORM)
            reply = link.getresponse()
            reply.read()
            found.spent.append((time.perf_counter() - began) * 1000)
            found.statuses[reply.status] += 1
        link.close()

    began = time.perf_counter()
    work = [(paths[number::CLIENTS], found, "127.0.0.1") for number in range(CLIENTS)]
    work.append((guesses, guessed, "127.0.0.2"))
    threads = [threading.Thread(target=client, args=arguments) for arguments in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    return found, guessed


def look(port: int, cookie: str, stop: threading.Event) -> Load:
    """Open the commander's dashboard and his survey page, one after the other, until told to stop."""
    unit = Unit.objects.get(code="polres-tuban")
    pages = ["/dasbor/", f"/layanan/survei/kelola/{unit.pk}/", f"/supervisi/satuan/{unit.pk}/"]
    found, link = Load(), http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while not stop.is_set():
        for page in pages:
            began = time.perf_counter()
            link.request("GET", page, headers={"Cookie": cookie})
            reply = link.getresponse()
            reply.read()
            if reply.status not in {200, 302}:
                raise AssertionError(f"{page}: {reply.status}")
            found.spent.append((time.perf_counter() - began) * 1000)
        time.sleep(0.1)
    return found


def looks_during(port: int, cookie: str, act: Any) -> tuple[Load, Any]:
    """Look at staff pages while something is done; return both."""
    stop, seen = threading.Event(), []
    eye = threading.Thread(target=lambda: seen.append(look(port, cookie, stop)))
    eye.start()
    done = act()
    stop.set()
    eye.join()
    if not seen:
        raise AssertionError("a staff page failed")
    return seen[0], done


def main(posts: int) -> dict[str, Any]:
    """Measure; return the figures."""
    with demo_stack() as url:
        port = urlsplit(url).port or 0
        cookies = session_cookies(User.objects.get(username="kapolres"), url)
        cookie = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
        valid = make_codes((posts - GUESSES) // 2)
        before = votes()
        paths = [f"/s/{code}" for code in valid for _ in range(2)]
        guesses = [f"/s/{new_code()}" for _ in range(GUESSES)]
        quiet, _ = looks_during(port, cookie, lambda: time.sleep(5))
        busy, (burst, guessed) = looks_during(port, cookie, lambda: send(port, paths, guesses))
        after = votes()
        spent = Load(burst.seconds, burst.spent)
        return {
            "posts": len(paths) + len(guesses), "tokens": len(valid), "seconds": round(burst.seconds, 1),
            "posts_a_second": round(spent.rate, 1), "p50_ms": round(spent.p50, 1), "p95_ms": round(spent.p95, 1),
            "statuses": dict(burst.statuses), "guesses": dict(guessed.statuses),
            "votes": after[0] - before[0], "counted": after[1] - before[1],
            "staff_p95_quiet_ms": round(quiet.p95, 1), "staff_p95_burst_ms": round(busy.p95, 1),
            "staff_looks": len(busy.spent), "database": Path(os.environ.get("DATABASE_URL", "sqlite")).parts[0],
        }  # fmt: skip


if __name__ == "__main__":
    figures = main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    print(json.dumps(figures, indent=2))
    ok = figures["votes"] == figures["counted"] == figures["tokens"]
    sys.exit(0 if ok else 1)
