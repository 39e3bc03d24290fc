"""Two sheets side by side."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supervisi.pages.comparison import comparable, label_of, read_comparison
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.http import signed_in_user


@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare a sheet with another one of its instrument; without one, offer what may be chosen."""
    user, checklist = signed_in_user(request), find_sheet(request, pk)
    if checklist.is_draft or checklist.is_sample:
        raise NotAllowed("Lembar dapat dibandingkan setelah diserahkan; lembar sampel tidak mempunyai nilai.")
    asked = request.GET.get("dengan", "")
    other = None
    if asked:
        is_number = asked.isascii() and asked.isdigit() and len(asked) < 19
        other = comparable(user, checklist).with_frame().filter(pk=asked).first() if is_number else None
        if other is None:
            raise Http404("no such sheet for this person, or of another instrument")
    context = {
        "page": read_comparison(checklist, other, user),
        "sheet": checklist,
        "sheet_label": label_of(checklist),
        "chosen": other.pk if other is not None else None,
    }
    return render(request, "supervisi/comparison.html", context)
