"""Dashboards, the list of units, and the first page of each role."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from supervisi.pages.dashboard import build_dashboard
from supervisi.pages.dashboard_data import READERS
from supervisi.pages.first_pages import read_auditor_page, read_gaps, read_integrity_page, read_todo
from supervisi.pages.unit_tasks import read_unit_tasks
from wbbm.organisasi.http import chosen_number, signed_in_user
from wbbm.organisasi.models import Role, Unit
from wbbm.organisasi.shell import main_posting
from wbbm.upkeep.access import post_over_machine
from wbbm.upkeep.health.page import read_alarm

_MOST_UNITS = 60


@require_safe
def first_page(request: HttpRequest) -> HttpResponse:
    """Lead each role to its own first page."""
    user = signed_in_user(request)
    posting = main_posting(user.scope.postings)
    if posting is None:
        return render(request, "supervisi/no_posting.html")
    role = Role(posting.role)
    if role == Role.COMMANDER and user.scope.posting_at(posting.unit, Role.OPERATOR) is not None:
        # A Kapolsek commands and operates one unit: what he must do comes first.
        role = Role.OPERATOR
    if role == Role.COMMANDER:
        return unit_dashboard(request, posting.unit_id)
    pages = {
        Role.SUPERVISOR: "supervisi:visit-list",
        Role.OPERATOR: "supervisi:todo",
        Role.AUDITOR: "supervisi:auditor",
        Role.INTEGRITY_OFFICER: "supervisi:integrity",
        Role.ADMIN: "supervisi:gaps",
    }
    return redirect(pages[role])


@require_safe
def unit_dashboard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a unit's dashboard, whole or only its figures."""
    user = signed_in_user(request)
    if not user.scope.has_role(*READERS):
        raise Http404("no dashboard for this role")
    page = build_dashboard(user, pk, chosen_number(request, "periode"))
    if page is None:
        raise Http404("unit out of sight")
    template = "supervisi/_dashboard_body.html" if request.headers.get("HX-Request") else "supervisi/dashboard.html"
    return render(request, template, {"page": page})


@require_safe
def unit_tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what waits at a unit, by office, to be printed."""
    page = read_unit_tasks(signed_in_user(request), pk)
    if page is None:
        raise Http404("unit out of sight")
    return render(request, "supervisi/unit_tasks.html", {"page": page})


@require_safe
def own_unit(request: HttpRequest) -> HttpResponse:
    """Show the dashboard of the unit where the person is commander or operator."""
    posting = next(
        (held for held in signed_in_user(request).scope.postings if held.role in {Role.COMMANDER, Role.OPERATOR}), None
    )
    if posting is None:
        raise Http404("no unit of one's own")
    return unit_dashboard(request, posting.unit_id)


@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """Search the units in sight."""
    user = signed_in_user(request)
    if not user.scope.has_role(*READERS):
        raise Http404("no units for this role")
    search = request.GET.get("cari", "").strip()[:80].replace("\0", "")
    found = list(Unit.objects.visible_to(user).named_like(search)[: _MOST_UNITS + 1])
    context = {"units": found[:_MOST_UNITS], "has_more": len(found) > _MOST_UNITS, "search": search}
    return render(request, "supervisi/unit_list.html", context)


@require_safe
def todo(request: HttpRequest) -> HttpResponse:
    """Show an operator what he must do."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.OPERATOR):
        raise Http404("operators only")
    return render(request, "supervisi/todo.html", {"todo": read_todo(user)})


@require_safe
def auditor(request: HttpRequest) -> HttpResponse:
    """Show an auditor a search and the latest changes."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.AUDITOR):
        raise Http404("auditors only")
    return render(request, "supervisi/auditor.html", {"page": read_auditor_page(user, request.GET.get("cari", ""))})


@require_safe
def integrity(request: HttpRequest) -> HttpResponse:
    """Show an integrity officer the severe findings of his units."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.INTEGRITY_OFFICER):
        raise Http404("integrity officers only")
    return render(request, "supervisi/integrity.html", {"lines": read_integrity_page(user)})


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Show an admin what is missing: commanders, postings that end, passwords, approvals."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    keeps = post_over_machine(user) is not None
    context = {"page": read_gaps(user), "admin_url": reverse("admin:index"), "keeps_machine": keeps}
    return render(request, "supervisi/gaps.html", context | {"alarms": read_alarm(user)})
