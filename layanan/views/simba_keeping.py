"""SIMBA for the unit: its sessions, who registered, who came. On a phone, without JavaScript."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.access import posting_to_operate
from layanan.forms.simba import CallOffForm, SessionForm, first_values, initial_of
from layanan.models import PracticeSession, Registration
from layanan.pages.simba import session_card
from layanan.pages.simba_keeping import keeping_postings, keeps_simba, read_keeping, read_people
from layanan.services import simba
from layanan.services.registrations import cancel_registration, mark_registration
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import chosen_number, signed_in_user
from wbbm.organisasi.models import Unit, User

_BY_OPERATOR = "Jadwal SIMBA diurus oleh operator satuan ini."


def _get_session(user: User, pk: int) -> PracticeSession:
    session = PracticeSession.objects.visible_to(user).select_related("unit").filter(pk=pk).first()
    if session is None:
        raise Http404("no such session for this person")
    return session


@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """List the sessions of the person's own units."""
    user = signed_in_user(request)
    if not keeps_simba(user):
        raise Http404("keeps no sessions")
    found = read_keeping(user, number=request.GET.get("halaman", ""))
    return render(request, "layanan/simba_manage.html", {"found": found})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Plan a session at one of the operator's units."""
    user = signed_in_user(request)
    if not keeps_simba(user):
        raise Http404("keeps no sessions")
    units = [posting.unit for posting in keeping_postings(user)]
    if not units:
        raise NotAllowed(_BY_OPERATOR)
    unit = next((each for each in units if each.pk == chosen_number(request, "satuan")), units[0])
    posted = request.POST if request.method == "POST" else None
    form = SessionForm(posted, unit=unit, initial=first_values(unit))
    if posted is not None and form.is_valid():
        try:
            session = simba.make_session(unit=unit, plan=form.plan(), by=user)
        except simba.SessionExists as refusal:
            messages.info(request, refusal.message)
            return redirect("layanan:simba-people", refusal.session.pk)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Jadwal dibuat dan sudah dapat dilihat warga.")
            return redirect("layanan:simba-people", session.pk)
    return _form_page(request, form, unit, units=units)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a session."""
    user = signed_in_user(request)
    session = _get_session(user, pk)
    if posting_to_operate(user, session.unit) is None:
        raise NotAllowed(_BY_OPERATOR)
    posted = request.POST if request.method == "POST" else None
    form = SessionForm(posted, unit=session.unit, initial=initial_of(session))
    if posted is not None and form.is_valid():
        try:
            simba.change_session(session=session, plan=form.plan(), by=user, seen=form.cleaned_data["seen"])
        except simba.ChangedMeanwhile as refusal:
            card = session_card(session, timezone.now())
            now = f"Sekarang: {card.day}, {card.hours}, {session.place}, {session.capacity} tempat."
            form.show_conflict(f"{refusal.message} {now}", session.changed_at)
            return _form_page(request, form, session.unit, session=session, status=refusal.status)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Jadwal diubah. Beri tahu peserta bila waktu atau tempatnya berganti.")
            return redirect("layanan:simba-people", session.pk)
    return _form_page(request, form, session.unit, session=session)


def _form_page(
    request: HttpRequest,
    form: SessionForm,
    unit: Unit,
    *,
    session: PracticeSession | None = None,
    units: list[Unit] | None = None,
    status: int = 422,
) -> HttpResponse:
    context = {"form": form, "unit": unit, "session": session, "units": units or []}
    return render(request, "layanan/simba_form.html", context, status=status if form.is_bound else 200)


@require_safe
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who registered for a session."""
    user = signed_in_user(request)
    found = read_people(_get_session(user, pk), user)
    return render(request, "layanan/simba_people.html", {"found": found})


@require_http_methods(["GET", "HEAD", "POST"])
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a session, with a reason."""
    user = signed_in_user(request)
    session = _get_session(user, pk)
    if posting_to_operate(user, session.unit) is None:
        raise NotAllowed(_BY_OPERATOR)
    form = CallOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            simba.cancel_session(session=session, reason=form.cleaned_data["reason"].strip(), by=user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Jadwal dibatalkan. Beri tahu setiap peserta lewat tombol WhatsApp.")
            return redirect("layanan:simba-people", session.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "layanan/simba_call_off.html", {"form": form, "session": session}, status=status)


@require_POST
def door(request: HttpRequest, pk: int) -> HttpResponse:
    """Open or close the registration."""
    user = signed_in_user(request)
    session = _get_session(user, pk)
    is_open = request.POST.get("buka") == "1"
    simba.set_open(session=session, is_open=is_open, by=user)
    messages.success(request, "Pendaftaran dibuka." if is_open else "Pendaftaran ditutup.")
    return redirect("layanan:simba-people", session.pk)


@require_POST
def mark(request: HttpRequest, pk: int, registration_pk: int) -> HttpResponse:
    """Note who came, or what came of it; give a place up for somebody who called."""
    user = signed_in_user(request)
    registration = (
        Registration.objects.visible_to(user)
        .select_related("session__unit")
        .filter(pk=registration_pk, session=pk)
        .first()
    )
    if registration is None:
        raise Http404("no such registration for this person")
    chosen = request.POST.get("tanda", "")
    if chosen == "cancel":
        cancel_registration(registration=registration, by=user)
        messages.success(request, "Pendaftaran dibatalkan; namanya sudah dihapus.")
    else:
        mark_registration(registration=registration, mark=chosen, by=user)
    return HttpResponseRedirect(f"{reverse('layanan:simba-people', args=[pk])}#p-{registration_pk}")
