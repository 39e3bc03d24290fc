"""Two sheets side by side."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supervisi.pages.comparison import comparable, label_of, read_comparison
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.http import chosen_number, signed_in_user


@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare a sheet with another one of its instrument; without one, offer what may be chosen."""
    user, checklist = signed_in_user(request), find_sheet(request, pk)
    if checklist.is_draft or checklist.is_sample:
        raise NotAllowed("Lembar dapat dibandingkan setelah diserahkan; lembar sampel tidak mempunyai nilai.")
    other = None
    if request.GET.get("dengan"):
        other = comparable(user, checklist).with_frame().filter(pk=chosen_number(request, "dengan") or 0).first()
        if other is None:
            raise Http404("no such sheet for this person, or of another instrument")
    context = {
        "page": read_comparison(checklist, other, user),
        "sheet": checklist,
        "sheet_label": label_of(checklist),
        "chosen": other.pk if other is not None else None,
    }
    return render(request, "supervisi/comparison.html", context)
