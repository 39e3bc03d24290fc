"""Visits: list, page, planning, team, steps."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from supervisi import access
from supervisi.forms.visits import ReasonForm, VisitForm, first_values, initial_of
from supervisi.models import Visit
from supervisi.pages.clashes import Clash, find_clashes, seen_mark
from supervisi.pages.next_visit import oversees_stations
from supervisi.pages.visit import read_visit
from supervisi.pages.visit_list import ALL, MINE, WAITING, plannable_units, read_visits
from supervisi.services import visits
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, Unit, User

READERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR)
_MOST_UNITS = 30


def get_visit(user: User, pk: int) -> Visit:
    """Return a visit in sight; 404 else."""
    found = (
        Visit.objects.visible_to(user)
        .select_related("unit", "period", "team_leader", "deputy", "planned_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404("no such visit for this person")
    return found


def _posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, also when it is empty; None for a first look."""
    return request.POST if request.method == "POST" else None


def search_text(request: HttpRequest) -> str:
    """Return the text searched for, cut to a sane length."""
    return request.GET.get("cari", "").strip()[:80].replace("\0", "")


def _clashes(user: User, unit: Unit, form: VisitForm, visit: Visit | None = None) -> tuple[Clash, ...]:
    """Return what stands in the way of the team on the days, as the form has them now."""
    days = form.span()
    if days is None:
        return ()
    if visit is None and form.is_bound:
        # The second click on "Rencanakan" meets the visit of the first: no clash.
        visit = visits.same_visit(unit, form.cleaned_data["sprin_number"], days[0])
    return find_clashes(unit=unit, first=days[0], last=days[1], team=form.people(), viewer=user, besides=visit)


def _has_to_look(request: HttpRequest, clashes: tuple[Clash, ...]) -> bool:
    """Tell whether a warning that has to be seen was not on the form that was sent."""
    mark = seen_mark(clashes)
    return bool(mark) and request.POST.get("dilihat") != mark


def _too_late(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Lead back to a visit that has gone on meanwhile."""
    messages.error(request, f"Kunjungan ini sudah berstatus {visit.get_status_display()}; langkah itu tidak berlaku.")
    return redirect(visit)


@require_safe
def visit_list(request: HttpRequest) -> HttpResponse:
    """Show the visits in sight; a supervisor begins with those in whose team he is."""
    user = signed_in_user(request)
    if not user.scope.has_role(*READERS):
        raise Http404("no visits for this role")
    is_supervisor = user.scope.has_role(Role.SUPERVISOR)
    chosen = request.GET.get("pilih", MINE if is_supervisor else ALL)
    search = search_text(request)
    period = request.GET.get("periode", "")
    number = request.GET.get("halaman", "1")
    found = read_visits(user, chosen=chosen, search=search, period=period, number=number)
    if not found.lines and not request.GET:
        # Somebody of no team (who reviews, for one) begins with what waits for him, else with all units.
        found = read_visits(user, chosen=WAITING if found.waiting else ALL)
    context = {
        "found": found, "is_supervisor": is_supervisor, "search": search, "oversees": oversees_stations(user),
    }  # fmt: skip
    return render(request, "supervisi/visit_list.html", context)


@require_safe
def visit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a visit."""
    user = signed_in_user(request)
    return render(request, "supervisi/visit_detail.html", {"page": read_visit(get_visit(user, pk), user)})


@require_GET
def visit_pick_unit(request: HttpRequest) -> HttpResponse:
    """Search the unit that a new visit goes to."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.SUPERVISOR):
        raise NotAllowed("Kunjungan direncanakan oleh supervisor.")
    search = search_text(request)
    units = list(plannable_units(user).named_like(search)[: _MOST_UNITS + 1])
    context = {"units": units[:_MOST_UNITS], "has_more": len(units) > _MOST_UNITS, "search": search}
    return render(request, "supervisi/visit_pick_unit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_add(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Plan a visit to a unit."""
    user = signed_in_user(request)
    unit = Unit.objects.visible_to(user).filter(pk=unit_pk).first()
    if unit is None:
        raise Http404("no such unit for this person")
    if access.posting_to_plan(user, unit) is None:
        raise NotAllowed("Kunjungan direncanakan oleh supervisor dari satuan di atas.")
    form = VisitForm(_posted(request), unit=unit, initial=first_values(unit, user))
    clashes = _clashes(user, unit, form)
    if request.method == "POST" and form.is_valid() and not _has_to_look(request, clashes):
        values = form.cleaned_data
        try:
            visit = visits.plan_visit(
                unit=unit,
                period=values["period"],
                sprin_number=values["sprin_number"],
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                team=form.team(),
                by=user,
                is_announced=not values["is_unannounced"],
                is_sample=values["is_sample"],
            )
        except visits.VisitExists as refusal:
            messages.info(request, refusal.message)
            return redirect(refusal.visit)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Kunjungan direncanakan. Lembarnya sudah dibuat dan tugas sudah dibagi.")
            return redirect(visit)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "unit": unit, "clashes": clashes, "seen": seen_mark(clashes)}
    return render(request, "supervisi/visit_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change days, Sprin and team."""
    user = signed_in_user(request)
    visit = get_visit(user, pk)
    if access.posting_to_change_team(user, visit) is None:
        raise NotAllowed("Tim diubah oleh supervisor dari satuan di atas.")
    if not visit.is_open:
        return _too_late(request, visit)
    form = VisitForm(_posted(request), unit=visit.unit, visit=visit, initial=initial_of(visit))
    clashes = _clashes(user, visit.unit, form, visit)
    if request.method == "POST" and form.is_valid() and not _has_to_look(request, clashes):
        values = form.cleaned_data
        try:
            visits.change_visit(
                visit=visit,
                sprin_number=values["sprin_number"],
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                team=form.team(),
                by=user,
                is_announced=not values["is_unannounced"] if "is_unannounced" in values else None,
            )
        except InvalidTransition:
            visit.refresh_from_db()
            return _too_late(request, visit)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Kunjungan diubah.")
            return redirect(visit)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "unit": visit.unit, "visit": visit, "clashes": clashes, "seen": seen_mark(clashes)}
    return render(request, "supervisi/visit_form.html", context, status=status)


@require_POST
def visit_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a visit."""
    user = signed_in_user(request)
    visit = visits.start_visit(visit=get_visit(user, pk), by=user)
    messages.success(request, "Kunjungan dimulai. Lembar dapat diisi.")
    return redirect(visit)


@require_POST
def visit_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """End a visit; findings are handed over."""
    user = signed_in_user(request)
    visit = visits.finish_visit(visit=get_visit(user, pk), by=user)
    messages.success(request, "Kunjungan selesai. Temuan sudah disampaikan kepada satuan.")
    return redirect(visit)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a visit, with a reason."""
    user = signed_in_user(request)
    visit = get_visit(user, pk)
    if access.posting_to_cancel(user, visit) is None:
        raise NotAllowed("Kunjungan dibatalkan oleh ketua tim atau perencananya.")
    if not visit.is_open:
        return _too_late(request, visit)
    form = ReasonForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            visits.cancel_visit(visit=visit, by=user, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Kunjungan dibatalkan. Jawaban yang sudah ada tetap dapat dibaca.")
            return redirect(visit)
    status = 422 if request.method == "POST" else 200
    return render(request, "supervisi/visit_cancel.html", {"form": form, "visit": visit}, status=status)


@require_POST
def visit_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a visit without answers."""
    user = signed_in_user(request)
    visits.delete_visit(visit=get_visit(user, pk), by=user)
    messages.success(request, "Kunjungan dihapus.")
    return redirect("supervisi:visit-list")
