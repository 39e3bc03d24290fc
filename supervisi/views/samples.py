"""The sample of a sheet: shown, and changed before the visit begins."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from supervisi.forms.samples import SampleForm
from supervisi.pages.sample import read_sample
from supervisi.services.samples import change_sample, check_may_change
from supervisi.views.checklists import find_sheet
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user


@require_http_methods(["GET", "HEAD", "POST"])
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sample, or put an item in or out."""
    checklist, user = find_sheet(request, pk), signed_in_user(request)
    page = read_sample(checklist, user)
    if page is None:
        raise Http404("every item of the sheet is due")
    codes = tuple((line.item.code, f"{line.item.code} {line.item.question}") for line in page.lines)
    form = SampleForm(request.POST or None, inside=codes, outside=page.others)
    status = 200
    if request.method == "POST":
        check_may_change(checklist, user)
        status = 422
        if form.is_valid():
            try:
                code, is_in = form.choice
                change_sample(
                    checklist=checklist, item_code=code, is_in=is_in, reason=form.cleaned_data["text"], by=user
                )
            except NotAllowed:
                raise
            except DomainError as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
            else:
                messages.success(request, "Sampel diubah; alasannya tercatat.")
                return redirect(request.path)
    return render(request, "supervisi/sample.html", {"page": page, "form": form}, status=status)
