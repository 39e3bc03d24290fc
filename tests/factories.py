"""Plain functions that make one object each, with sensible defaults that `changes` override."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

from django.utils import timezone

from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User

_count = itertools.count(1)
PASSWORD = "sandi-uji-coba-123"


def make_unit(parent: Unit | None = None, **changes: Any) -> Unit:
    """Make a unit below `parent`, or a root."""
    number = next(_count)
    fields = {"code": f"satuan-{number}", "name": f"Satuan {number}", "kind": UnitKind.POLSEK} | changes
    if parent is None:
        return Unit.objects.add_root(fields)
    return Unit.objects.add_child(Unit.objects.get(pk=parent.pk), fields)


def make_user(**changes: Any) -> User:
    """Make a person without postings."""
    number = next(_count)
    password = changes.pop("password", PASSWORD)
    user = User(**({"username": f"orang{number}", "name": f"Petugas {number}"} | changes))
    user.set_password(password)
    user.save()
    return user


def make_posting(
    user: User | None = None, unit: Unit | None = None, role: str = Role.SUPERVISOR, **changes: Any
) -> Posting:
    """Make a running, approved posting."""
    fields = {
        "user": user or make_user(),
        "unit": unit or make_unit(),
        "role": role,
        "title": "Jabatan uji",
        "starts_on": datetime.date(2020, 1, 1),
        "approved_at": timezone.now(),
    } | changes
    return Posting.objects.create(**fields)


def make_person(unit: Unit, role: str, **changes: Any) -> User:
    """Make a person with one running posting at the unit."""
    user = make_user(**changes)
    make_posting(user, unit, role)
    return user
