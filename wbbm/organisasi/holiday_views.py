"""The proposal of a year's days off, from which an admin takes what holds at his unit."""

from __future__ import annotations

import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from .http import signed_in_user
from .models import HolidayYear, Posting, Role, User
from .services.holidays import YEARS, confirm_year, propose_holidays, take_proposals


@require_http_methods(["GET", "HEAD", "POST"])
def holiday_proposals(request: HttpRequest) -> HttpResponse:
    """Show the national days off of a year, and record the chosen ones at the admin's own unit."""
    user = signed_in_user(request)
    posting = _admin_posting(user)
    year = _year(request)
    if request.method == "POST":
        days = [day for text in request.POST.getlist("day") if (day := _day(text)) is not None]
        count = take_proposals(unit=posting.unit, year=year, days=days, by=user)
        messages.success(request, f"{count} hari libur dicatat untuk {posting.unit} dan semua satuan di bawahnya.")
        return redirect("admin:organisasi_holiday_changelist")
    confirmed = HolidayYear.objects.confirmed_at(posting.unit, year)
    proposals = propose_holidays(posting.unit, year)
    context = {"unit": posting.unit, "year": year, "proposals": proposals, "confirmed": confirmed}
    return render(request, "organisasi/holiday_proposals.html", context)


@require_POST
def confirm_holidays(request: HttpRequest) -> HttpResponse:
    """Call the year's list complete for the admin's own unit and everything below it."""
    user = signed_in_user(request)
    posting, year = _admin_posting(user), _year(request)
    if confirm_year(unit=posting.unit, year=year, by=user):
        messages.success(request, f"Daftar hari libur {year} ditetapkan untuk {posting.unit}. Tenggatnya kini pasti.")
    return redirect(f"{reverse('holiday-proposals')}?tahun={year}")


def _admin_posting(user: User) -> Posting:
    posting = next((held for held in user.scope.postings if held.role == Role.ADMIN), None)
    if posting is None:
        raise Http404("admins only")
    return posting


def _year(request: HttpRequest) -> int:
    text = (request.POST if request.method == "POST" else request.GET).get("tahun", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else timezone.localdate().year
    return year if year in YEARS else timezone.localdate().year


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
