"""Planning visits: the calendar, the list of a day, which station next."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from supervisi.pages.calendar import month_asked, read_month, viewers_day
from supervisi.pages.next_visit import oversees_stations, read_next_visits
from supervisi.pages.visit_day import day_asked, read_day
from supervisi.views.visits import READERS, search_text
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, User


def reader(request: HttpRequest) -> User:
    """Return the signed-in person; 404 for one who has nothing to do with visits."""
    user = signed_in_user(request)
    if not user.scope.has_role(*READERS):
        raise Http404("no visits for this role")
    return user


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """Show the visits of a month."""
    user = reader(request)
    today = viewers_day(user, timezone.now())
    search = search_text(request)
    page = read_month(user, first=month_asked(request.GET.get("bulan", ""), today), today=today, search=search)
    plans = user.scope.has_role(Role.SUPERVISOR)
    context = {"page": page, "search": search, "plans": plans, "oversees": oversees_stations(user)}
    return render(request, "supervisi/visit_calendar.html", context)


@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Show the visits of a day, to print."""
    user = reader(request)
    today = viewers_day(user, timezone.now())
    page = read_day(user, day=day_asked(request.GET.get("hari", ""), today), today=today)
    return render(request, "supervisi/visit_day.html", {"page": page, "oversees": oversees_stations(user)})


@require_safe
def upcoming(request: HttpRequest) -> HttpResponse:
    """Propose which station to visit next."""
    user = reader(request)
    if not oversees_stations(user):
        raise Http404("no stations below this person")
    search = search_text(request)
    page = read_next_visits(user, today=viewers_day(user, timezone.now()), search=search)
    return render(request, "supervisi/visit_next.html", {"page": page, "search": search, "oversees": True})
