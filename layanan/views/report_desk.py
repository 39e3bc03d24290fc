"""The pages of those who receive reports; for everybody else there is nothing here, not even a count."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from layanan.forms.reports import AnswerForm, StepForm
from layanan.models.reports import Report, ReportFile, ReportStatus
from layanan.pages.reports import MOST_LINES, ReportPage, read_figures, read_list, read_report
from layanan.report_crypto import Unreadable
from layanan.services.report_desk import answer, change_status, note_opened, posting_for, release_figures
from layanan.services.reports import photo_bytes
from wbbm.errors import DomainError
from wbbm.organisasi.access import local_day
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Posting, Role, User
from wbbm.organisasi.second_factor import ask_first
from wbbm.organisasi.services.factor_approvals import require_approved


def _officer(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not user.scope.has_role(Role.INTEGRITY_OFFICER):
        raise Http404("integrity officers only")
    require_approved(user)
    return user


def _received(user: User, pk: uuid.UUID) -> tuple[Report, Posting]:
    report = Report.objects.visible_to(user).filter(pk=pk).first()
    posting = posting_for(user, report) if report is not None else None
    if report is None or posting is None:
        raise Http404("no such report for this person")
    return report, posting


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Show what the person received, in all states or in one."""
    user = _officer(request)
    status = request.GET.get("status", "")
    chosen = status if status in ReportStatus.values else ""
    context = {
        "lines": read_list(user, status=chosen),
        "most": MOST_LINES,
        "chosen": chosen,
        "statuses": [(value, label, value == chosen) for value, label in ReportStatus.choices],
        "figures": read_figures(user),
    }
    return render(request, "layanan/report_list.html", context)


@require_safe
def report_detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a report to one of its recipients, and note that it was opened."""
    user = _officer(request)
    report, posting = _received(user, pk)
    asked = ask_first(request)
    if asked is not None:
        return asked
    note_opened(report, by=user, posting=posting)
    return _page(request, report, posting)


def _page(
    request: HttpRequest,
    report: Report,
    posting: Posting,
    answer_form: AnswerForm | None = None,
    step_form: StepForm | None = None,
    status: int = 200,
) -> HttpResponse:
    page: ReportPage = read_report(report, local_day(posting.unit))
    context: dict[str, Any] = {
        "page": page,
        "answer_form": answer_form or AnswerForm(),
        "step_form": step_form or StepForm(steps=page.steps),
    }
    return render(request, "layanan/report_detail.html", context, status=status)


@require_POST
def report_answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write to the resident."""
    user = _officer(request)
    report, posting = _received(user, pk)
    asked = ask_first(request)
    if asked is not None:
        return asked
    form = AnswerForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            answer(report=report, text=form.cleaned_data["text"], by=user)
        except DomainError as refusal:
            form.add_error("text", refusal.message)
            status = refusal.status
        else:
            messages.success(request, "Jawaban tersimpan; pelapor membacanya dengan kodenya.")
            return redirect(report)
    return _page(request, report, posting, answer_form=form, status=status)


@require_POST
def report_step(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the report to another state, with a reason."""
    user = _officer(request)
    report, posting = _received(user, pk)
    asked = ask_first(request)
    if asked is not None:
        return asked
    form = StepForm(request.POST, steps=read_report(report, local_day(posting.unit)).steps)
    status = 422
    if form.is_valid():
        data = form.cleaned_data
        try:
            change_status(report=report, status=data["status"], reason=data["reason"], by=user)
        except DomainError as refusal:
            form.add_error("reason", refusal.message)
            status = refusal.status
        else:
            messages.success(request, "Status tersimpan; pelapor membaca alasannya.")
            return redirect(report)
    return _page(request, report, posting, step_form=form, status=status)


@require_safe
def report_photo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send a photo as an attachment, to a recipient of its report."""
    user = _officer(request)
    file = ReportFile.objects.visible_to(user).filter(pk=pk).first()
    if file is None or posting_for(user, Report.objects.get(pk=file.message.report_id)) is None:
        raise Http404("no such photo for this person")
    asked = ask_first(request, is_file=True)
    if asked is not None:
        return asked
    try:
        data = photo_bytes(file)
    except Unreadable as fault:
        raise Http404("no key opens it") from fault
    ending, content_type = ("png", "image/png") if data.startswith(b"\x89PNG") else ("jpg", "image/jpeg")
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="foto-laporan.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@require_POST
def figures_release(request: HttpRequest) -> HttpResponseRedirect:
    """Release the year's three figures of the unit where the person is integrity officer."""
    user = _officer(request)
    posting = next(held for held in user.scope.postings if held.role == Role.INTEGRITY_OFFICER)
    row = release_figures(posting=posting, by=user)
    messages.success(request, f"Angka pengaduan {row.year} dirilis: {row.received} diterima, {row.settled} selesai.")
    return redirect("layanan:report-list")
