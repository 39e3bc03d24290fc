"""What the audit trail keeps back of unannounced visits."""

from __future__ import annotations

from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from supervisi.models import Checklist, Visit
from supervisi.models.visits import KNOWN_TO_UNIT
from wbbm.organisasi.access import nothing
from wbbm.organisasi.models import User


def events_of_hidden_visits(user: User) -> Q:
    """Name the events about visits to the person's own units that these don't know of, and about their sheets.

    A visit that was deleted counts as unknown.
    """
    scope = user.scope
    if not scope.standing_paths:
        return nothing()
    visits = Visit.objects.filter(KNOWN_TO_UNIT).annotate(key=Cast("pk", CharField()))
    hidden = Visit.objects.exclude(KNOWN_TO_UNIT)
    sheets = Checklist.objects.exclude(visit__in=hidden).annotate(key=Cast("pk", CharField()))
    about_visit = Q(object_type="supervisi.visit") & ~Exists(visits.filter(key=OuterRef("object_id")))
    about_sheet = Q(object_type="supervisi.checklist") & ~Exists(sheets.filter(key=OuterRef("object_id")))
    return scope.own_units("unit__path") & (about_visit | about_sheet)
