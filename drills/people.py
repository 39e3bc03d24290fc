"""Sessions and postings under load: a planted session gives nothing, and an ended posting lets nothing through."""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlencode

from drills.load import ask
from drills.run import Drill, Run

ROUNDS = 5


def session_fixed(run: Run) -> None:
    """Plant a session in somebody's browser before he signs in; afterwards it must not be his."""
    from django.contrib.sessions.backends.db import SessionStore

    from tests.factories import PASSWORD
    from wbbm.organisasi.models import User

    names = dict(User.objects.filter(pk__in=run.world.editors).values_list("pk", "username"))
    for turn in range(ROUNDS):
        person = run.world.editors[turn % len(run.world.editors)]
        planted = SessionStore()
        planted["dari"] = "penyerang"
        planted.create()
        for key in (planted.session_key, secrets.token_hex(16)):
            fresh = _sign_in(run, names[person], PASSWORD, key)
            run.require(bool(fresh) and fresh != key, f"the session after signing in is {fresh!r}, planted was {key!r}")
            run.require(_opens(run, fresh) == 200, "the person's own session opens nothing")
            status = _opens(run, key)
            run.require(status in {302, 401}, f"the planted session opens the dashboard: {status}")
        run.rounds += 1


def _sign_in(run: Run, name: str, password: str, session: str) -> str:
    """Sign in with a planted session; return the session that the browser has afterwards."""
    import http.client
    from http.cookies import SimpleCookie

    token = secrets.token_hex(16)
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token, "Connection": "close",
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    link = http.client.HTTPConnection("127.0.0.1", run.stack.port, timeout=20)
    link.request("POST", "/masuk/", urlencode({"username": name, "password": password}), headers)
    answer = link.getresponse()
    cookies = SimpleCookie()
    for value in answer.headers.get_all("Set-Cookie") or []:
        cookies.load(value)
    link.close()
    run.require(answer.status == 302, f"signing in: {answer.status}")
    # Without a new one the browser keeps what it had.
    return cookies["sessionid"].value if "sessionid" in cookies else session


def _opens(run: Run, session: str) -> int:
    headers = {"Cookie": f"sessionid={session}", "Accept": "text/html"}
    return ask(run.stack.port, "GET", f"/supervisi/lembar/{run.world.sheets[0]}/", headers).status


def posting_ended(run: Run) -> None:
    """End the postings of half the editors while they save: from then on nothing of theirs gets through."""
    from wbbm.organisasi.models import Posting, User
    from wbbm.organisasi.services.postings import end_posting

    ends: dict[int, float] = {}
    for person in run.world.editors[::2]:
        admin = User.objects.get(pk=run.world.admin)
        run.load.ended.add(person)
        for posting in Posting.objects.select_related("unit", "user").filter(user=person):
            end_posting(posting=posting, by=admin)
        ends[person] = time.monotonic()
        run.warm(1.5)
        run.rounds += 1
    run.warm(3)
    for each in run.ledger.tries:
        if each.author in ends and each.began > ends[each.author]:
            run.require(not each.is_good, f"a {each.kind} got through after the posting ended: {each.status}")
    after = [each for each in run.ledger.tries if each.author in ends and each.began > ends[each.author]]
    run.require(len(after) >= run.rounds, "nobody tried after his posting ended")


DRILLS = [
    Drill("session-fixed", session_fixed, "Sesi yang ditanam sebelum orang masuk"),
    Drill("posting-ended", posting_ended, "Penugasan diakhiri selagi orangnya menyimpan"),
]
