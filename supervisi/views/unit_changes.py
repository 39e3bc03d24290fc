"""Changes of units: what may be done, the preview of each, and the history."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from supervisi.forms.unit_changes import UnitChangeForm
from supervisi.pages.unit_changes import STEPS, read_history, read_preview, steps_of, targets_of
from supervisi.services import unit_changes
from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, Unit, User

_DONE = {
    "nama": "Nama satuan diganti.",
    "pindah": "Satuan dipindahkan. Hasil periode yang terbuka dihitung ulang.",
    "gabung": "Satuan digabung. Riwayatnya tetap dapat dibaca.",
    "tutup": "Satuan ditutup. Riwayatnya tetap dapat dibaca.",
}


def _find(request: HttpRequest, pk: int) -> Unit:
    found = Unit.objects.filter(pk=pk).first()
    if found is None or not steps_of(signed_in_user(request), found):
        raise Http404("no such unit in this admin's reach")
    return found


@require_safe
def unit_changes_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which changes the admin may make."""
    unit = _find(request, pk)
    user = signed_in_user(request)
    context = {"unit": unit, "steps": steps_of(user, unit), "history": read_history(user, unit)}
    return render(request, "supervisi/unit_changes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def unit_change(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show what one change would do, and make it."""
    unit, user = _find(request, pk), signed_in_user(request)
    step = STEPS.get(name)
    if step is None or step not in steps_of(user, unit):
        raise Http404("no such change for this admin")
    data = request.POST if request.method == "POST" else None
    form = UnitChangeForm(data, step=name, targets=targets_of(user, unit, name), unit=unit)
    if form.is_bound and form.is_valid():
        try:
            _change(unit, name, form, user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _DONE[name])
            return redirect("supervisi:unit-changes", pk=unit.pk)
    context = {"unit": unit, "step": step, "form": form, "preview": read_preview(unit, name, user)}
    return render(request, "supervisi/unit_change.html", context, status=422 if form.is_bound else 200)


def _change(unit: Unit, name: str, form: UnitChangeForm, by: User) -> None:
    reason = form.cleaned_data.get("reason", "")
    if name == "nama":
        unit_changes.rename_unit(unit=unit, name=form.cleaned_data["name"], by=by)
    elif name == "pindah":
        unit_changes.relocate_unit(unit=unit, new_parent=form.target, by=by, reason=reason)
    elif name == "gabung":
        moves = form.cleaned_data["moves_people"]
        unit_changes.merge_unit(unit=unit, into=form.target, by=by, reason=reason, moves_people=moves)
    else:
        unit_changes.close_unit(unit=unit, by=by, reason=reason)


@require_safe
def unit_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what happened to a unit, and the results of those that were merged into it."""
    user = signed_in_user(request)
    unit = Unit.objects.visible_to(user).filter(pk=pk).first()
    if unit is None or not user.scope.has_role(Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR):
        raise Http404("unit out of sight")
    return render(request, "supervisi/unit_history.html", {"history": read_history(user, unit)})
