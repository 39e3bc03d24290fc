"""The public page that tells whether a result, or a file, is the one that holds. No sign-in, and no content."""

from __future__ import annotations

import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supervisi.pages.moments import moment_words
from supervisi.services.verification import look_up, typed_code
from wbbm.organisasi.auth import client_address
from wbbm.organisasi.models import TimeZone
from wbbm.organisasi.pace import asks_too_often

# A code can't be guessed; the limit only keeps one address from working the portal hard.
MOST_A_MINUTE = 60
_TEMPLATE = "supervisi/verify.html"


@login_not_required
@never_cache
@require_safe
def verify_form(request: HttpRequest) -> HttpResponse:
    """Show where a code or a hash is typed; lead to its page."""
    typed = request.GET.get("kode", "").strip()
    if typed:
        return redirect("supervisi:verify", code=typed_code(typed).replace("/", "") or "-")
    return render(request, _TEMPLATE, {"state": "", "typed": ""})


@login_not_required
@never_cache
@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Say valid, superseded or unknown; an unknown code is answered with 404 and the same page."""
    if asks_too_often("verify", client_address(request), MOST_A_MINUTE):
        response = render(request, _TEMPLATE, {"state": "busy", "typed": code[:80]}, status=429)
        response["Retry-After"] = "60"
        return response
    verdict = look_up(code)
    found = verdict.code or verdict.document
    context = {
        "state": verdict.state,
        "typed": code[:80],
        "code": verdict.code,
        "is_file": verdict.document is not None,
        "made_at": _moment(found.made_at) if found else "",
        "superseded_at": _moment(found.superseded_at) if found else "",
    }
    return render(request, _TEMPLATE, context, status=404 if found is None else 200)


def _moment(at: datetime.datetime | None) -> str:
    # Not in the unit's zone: that would tell where it is.
    return moment_words(at, TimeZone.WIB) if at is not None else ""
