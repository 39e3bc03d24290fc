"""What every page for residents has in common: no account, nothing written, no cookie, compressed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Let anybody read a page; compress it for who isn't signed in.

    A page for somebody who is signed in names him, and one with a form has a token: neither is compressed, for the
    length of a compressed answer tells of its secrets (BREACH).
    """
    compressed = gzip_page(view)

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        chosen = view if request.user.is_authenticated else compressed
        return chosen(request, *args, **named)

    return login_not_required(require_safe(page))
