"""The calendar address of a person: the file itself, and where it is made and ended."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from supervisi.models import CalendarFeed
from supervisi.pages.calendar import viewers_day
from supervisi.pages.feed import read_feed
from supervisi.services import feeds
from supervisi.views.planning import reader
from wbbm.organisasi.auth import client_address
from wbbm.organisasi.pace import asks_too_often

MOST_A_MINUTE = 60


@login_not_required
@never_cache
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Give the calendar whose secret address it is; any other is not found."""
    if asks_too_often("feed", client_address(request), MOST_A_MINUTE):
        answer = HttpResponse("Terlalu sering. Coba lagi semenit lagi.", "text/plain; charset=utf-8", 429)
        answer["Retry-After"] = "60"
        return answer
    person = feeds.person_of(token)
    if person is None:
        raise Http404("no such calendar")
    body = read_feed(person, today=viewers_day(person, timezone.now()))
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="kunjungan.ics"'
    answer["X-Robots-Tag"] = "noindex"
    return answer


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show whether the person has a calendar address, and what it is for."""
    user = reader(request)
    own = CalendarFeed.objects.visible_to(user).first()
    return render(request, "supervisi/feed.html", {"feed": own, "address": ""})


@never_cache
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make the address anew and show it, this once."""
    user = reader(request)
    address = feeds.make_feed(user)
    own = CalendarFeed.objects.visible_to(user).first()
    return render(request, "supervisi/feed.html", {"feed": own, "address": address})


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the address."""
    if feeds.end_feed(reader(request)):
        messages.success(request, "Alamat kalender dihapus. Kalender yang berlangganan tidak lagi menerima apa pun.")
    return redirect("supervisi:visit-feed-settings")
