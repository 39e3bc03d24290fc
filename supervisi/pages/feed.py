"""A person's visits as an iCalendar file: those of his team, and those to his own unit that it may know of."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from supervisi import ical
from supervisi.models import Assignment, Visit
from wbbm.organisasi.models import User

_SINCE = datetime.timedelta(days=120)
_MOST = 400
_DEMO = "DATA CONTOH, bukan keadaan sebenarnya"


def read_feed(person: User, *, today: datetime.date) -> bytes:
    """Write the person's calendar, in a fixed number of queries (three with the postings)."""
    visits = list(
        Visit.objects.visible_to(person)
        .filter(Q(pk__in=Visit.objects.with_member(person).values("pk")) | person.scope.own_units("unit__path"))
        .filter(starts_on__gte=today - _SINCE)
        .select_related("unit")
        .order_by("starts_on", "pk")[:_MOST]
    )
    tasks: dict[int, list[str]] = {}
    assigned = Assignment.objects.filter(visit__in=[visit.pk for visit in visits], user=person).select_related("node")
    for task in assigned.order_by("visit_id", "node__position"):
        tasks.setdefault(task.visit_id, []).append(f"{task.node.code} {task.node.name}")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Zona Integritas//Kunjungan//ID", "CALSCALE:GREGORIAN"]
    name = f"Kunjungan, {_DEMO}" if settings.IS_DEMO else "Kunjungan Zona Integritas"
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{ical.text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    for visit in visits:
        lines += _event(visit, tasks.get(visit.pk, []))
    return ical.document([*lines, "END:VCALENDAR"])


def _event(visit: Visit, tasks: list[str]) -> list[str]:
    """Write one visit, all day: the day is that of the unit, whatever zone the reader is in."""
    address = f"{settings.SITE_URL}{visit.get_absolute_url()}"
    about = [visit.sprin_number, *([f"Bagian Anda: {'; '.join(tasks)}"] if tasks else []), address]
    title = f"Kunjungan {visit.unit}"
    if visit.is_hidden_from_unit:
        about.insert(0, "Mendadak: satuan belum diberi tahu.")
    if visit.is_cancelled:
        title = f"Batal: {title}"
    if settings.IS_DEMO:
        title, about = f"[DATA CONTOH] {title}", [_DEMO, *about]
    after = visit.last_day + datetime.timedelta(days=1)
    lines = [
        "BEGIN:VEVENT",
        f"UID:kunjungan-{visit.pk}@{urlsplit(settings.SITE_URL).hostname}",
        f"DTSTAMP:{ical.moment(visit.changed_at)}",
        f"LAST-MODIFIED:{ical.moment(visit.changed_at)}",
        f"SEQUENCE:{visit.revision}",
        f"STATUS:{'CANCELLED' if visit.is_cancelled else 'CONFIRMED'}",
        f"DTSTART;VALUE=DATE:{ical.date(visit.starts_on)}",
        f"DTEND;VALUE=DATE:{ical.date(after)}",
        f"SUMMARY:{ical.text(title)}",
        f"LOCATION:{ical.text(visit.unit.name)}",
        f"DESCRIPTION:{ical.text(chr(10).join(about))}",
        f"URL:{address}",
    ]
    if visit.unit.latitude is not None and visit.unit.longitude is not None:
        lines.append(f"GEO:{visit.unit.latitude};{visit.unit.longitude}")
    return [*lines, "END:VEVENT"]
