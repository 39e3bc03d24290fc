"""Where devices send their operations: JSON both ways, `code` decides (docs/keputusan/0004-operasi-dan-antrean.md)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from supervisi.forms.operations import read_body
from supervisi.models import Checklist
from supervisi.services.answers import CONFLICT, LOCKED, SAVED, save_operation
from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user

_STATUS = {SAVED: 200, CONFLICT: 409, LOCKED: 409}
# The device names the person whose queue it sends, so that a queue never leaves as somebody else's.
OWNER_HEADER = "X-WBBM-User"


def is_foreign_queue(request: HttpRequest) -> bool:
    """Tell whether the queue was filled by another person than the one signed in now."""
    owner = request.headers.get(OWNER_HEADER, "")
    return bool(owner) and owner != str(request.user.pk)


def foreign_queue() -> JsonResponse:
    """Refuse another person's queue; it stays on the device."""
    message = "Antrean ini milik akun lain. Masuk dengan akun itu untuk mengirimnya."
    return JsonResponse({"code": "user", "message": message}, status=403)


@require_POST
def save(request: HttpRequest, pk: int) -> JsonResponse:
    """Store one operation."""
    if is_foreign_queue(request):
        return foreign_queue()
    user = signed_in_user(request)
    checklist = Checklist.objects.visible_to(user).with_frame().filter(pk=pk).first()
    if checklist is None:
        return JsonResponse({"code": "missing", "message": "Lembar tidak ditemukan."}, status=404)
    try:
        outcome = save_operation(checklist=checklist, operation=read_body(request), by=user)
    except DomainError as fault:
        return JsonResponse({"code": fault.code, "message": fault.message}, status=fault.status)
    return JsonResponse(outcome.reply, status=_STATUS[outcome.code])
