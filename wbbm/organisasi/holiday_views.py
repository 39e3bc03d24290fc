"""The proposal of a year's days off, from which an admin takes what holds at his unit."""

from __future__ import annotations

import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from .http import signed_in_user
from .models import Role
from .services.holidays import YEARS, propose_holidays, take_proposals


@require_http_methods(["GET", "HEAD", "POST"])
def holiday_proposals(request: HttpRequest) -> HttpResponse:
    """Show the national days off of a year, and record the chosen ones at the admin's own unit."""
    user = signed_in_user(request)
    posting = next((held for held in user.scope.postings if held.role == Role.ADMIN), None)
    if posting is None:
        raise Http404("admins only")
    year = _year(request)
    if request.method == "POST":
        days = [day for text in request.POST.getlist("day") if (day := _day(text)) is not None]
        count = take_proposals(unit=posting.unit, year=year, days=days, by=user)
        messages.success(request, f"{count} hari libur dicatat untuk {posting.unit} dan semua satuan di bawahnya.")
        return redirect("admin:organisasi_holiday_changelist")
    context = {"unit": posting.unit, "year": year, "proposals": propose_holidays(posting.unit, year)}
    return render(request, "organisasi/holiday_proposals.html", context)


def _year(request: HttpRequest) -> int:
    text = (request.POST if request.method == "POST" else request.GET).get("tahun", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else timezone.localdate().year
    return year if year in YEARS else timezone.localdate().year


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
