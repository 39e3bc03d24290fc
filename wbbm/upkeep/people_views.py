"""What is held about a person (UU 27/2022): for the admin of his unit and for himself; and its removal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import User
from wbbm.organisasi.second_factor import ask_first
from wbbm.organisasi.services.erasing import LEAST_REASON, REMOVED, erase_person, obstacle
from wbbm.organisasi.services.people import require_reach

from .personal import erasures, read_held


def person_in_reach(user: User, pk: int) -> User:
    """Return a person whom the admin administers.

    Raises:
        Http404: there is none in reach.
    """
    found = User.objects.administered_by(user).filter(pk=pk).first()
    if found is None:
        raise Http404("no such person in reach")
    return found


@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    """Tell a person what is held about himself."""
    user = signed_in_user(request)
    context = {"is_own": True} | _held(user, user)
    return render(request, "upkeep/person_data.html", context)


@require_safe
def person_data(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell an admin what is held about a person of his unit, and what may be removed."""
    user = signed_in_user(request)
    person = person_in_reach(user, pk)
    require_reach(user, person)
    context = {"is_own": False, "obstacle": obstacle(person)} | _held(person, user)
    return render(request, "upkeep/person_data.html", context)


def _held(person: User, user: User) -> dict[str, Any]:
    held = read_held(person, by=user)
    return {"person": person, "held": held, "empty": "; ".join(line.topic.title for line in held if line.count == 0)}


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more, with a reason, and erase."""
    user = signed_in_user(request)
    person = person_in_reach(user, pk)
    require_reach(user, person)
    if request.method != "POST":
        return _asked(request, person)
    proof = ask_first(request)
    if proof is not None:
        return proof
    try:
        done = erase_person(person=person, by=user, reason=request.POST.get("reason", ""), along=erasures())
    except DomainError as refusal:
        return _asked(request, person, refusal)
    messages.success(request, f"Data pribadinya dihapus. Orang ini sekarang tampil sebagai {done.name}.")
    return redirect("upkeep:person-data", person.pk)


def _asked(request: HttpRequest, person: User, refusal: DomainError | None = None) -> HttpResponse:
    context = {
        "person": person, "obstacle": obstacle(person), "removed": REMOVED, "least": LEAST_REASON,
        "refusal": refusal, "reason": request.POST.get("reason", "")[:500],
    }  # fmt: skip
    return render(request, "upkeep/person_erase.html", context, status=refusal.status if refusal is not None else 200)
