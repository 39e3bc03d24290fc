"""The handover of a posting that ends."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from supervisi import access
from supervisi.forms.handover import NewLeaderForm
from supervisi.models import Visit
from supervisi.pages.handover import read_handover
from supervisi.services import visits
from supervisi.views.visits import get_visit
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Posting, User


def _posting(user: User, pk: int) -> Posting:
    found = Posting.objects.select_related("unit", "user").filter(pk=pk).first()
    if found is None or not access.sees_posting(user, found):
        raise Http404("no such posting for this person")
    if access.posting_to_hand_over(user, found) is None:
        raise NotAllowed("Serah terima diatur admin satuan atau pimpinannya.")
    return found


def _page(
    request: HttpRequest, posting: Posting, user: User, bound: dict[int, NewLeaderForm] | None = None
) -> HttpResponse:
    page = read_handover(posting, user)
    choosable = Visit.objects.select_related("unit").in_bulk([line.pk for line in page.visits if line.can_choose])
    forms = {pk: NewLeaderForm(visit=visit) for pk, visit in choosable.items()} | (bound or {})
    context = {"page": page, "visits": [(line, forms.get(line.pk)) for line in page.visits]}
    return render(request, "supervisi/handover.html", context, status=422 if bound else 200)


@require_safe
def handover(request: HttpRequest, posting_pk: int) -> HttpResponse:
    """Show what the office leaves behind, and who takes each."""
    user = signed_in_user(request)
    return _page(request, _posting(user, posting_pk), user)


@require_POST
def handover_visit(request: HttpRequest, posting_pk: int, pk: int) -> HttpResponse:
    """Give a visit of this office another leader."""
    user = signed_in_user(request)
    posting = _posting(user, posting_pk)
    visit = get_visit(user, pk)
    if visit.team_leader_id != posting.user_id:
        raise Http404("not a visit of this office")
    if access.posting_to_change_team(user, visit) is None:
        raise NotAllowed("Ketua tim diganti oleh supervisor dari satuan di atas.")
    form = NewLeaderForm(request.POST, visit=visit)
    if form.is_valid():
        try:
            visits.hand_over_lead(visit=visit, new_leader=form.cleaned_data["new_leader"], by=user)
        except DomainError as refusal:
            form.add_error("new_leader", refusal.message)
        else:
            messages.success(request, "Ketua tim diganti. Tugas dalam tim dibagi ulang.")
            return redirect("supervisi:handover", posting_pk=posting.pk)
    return _page(request, posting, user, {visit.pk: form})
