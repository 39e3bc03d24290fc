"""Who stands on a document: the unit that issues it with its letterhead, the team, and who signs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from supervisi.documents.content import Head, Member, Signature
from supervisi.documents.words import formal_name
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Assignment, Checklist, Layer, Letterhead, Visit
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User

POLRI = "Kepolisian Negara Republik Indonesia"
_COMMANDERS = {UnitKind.POLSEK: "Kapolsek", UnitKind.POLRES: "Kapolres", UnitKind.POLDA: "Kapolda"}


def postings_above(people: Iterable[int], unit: Unit, day: datetime.date) -> dict[int, Posting]:
    """Return each person's office above the unit on the day, the nearest one."""
    rows = Posting.objects.active_on(day).filter(user_id__in=list(people), unit__path__in=unit.ancestor_paths)
    nearest = sorted(rows.select_related("unit", "user"), key=lambda posting: (len(posting.unit.path), posting.pk))
    return {posting.user_id: posting for posting in nearest}


def issuer_of(unit: Unit, posting: Posting | None) -> Unit:
    """Return the unit that issues a document: where the office stands, else the one above, else the unit itself."""
    if posting is not None:
        return posting.unit
    above = Unit.objects.filter(path=unit.parent_path).first()
    return above or unit


def head_of(unit: Unit) -> Head:
    """Return the unit's letterhead; where none was entered, one made from the names in the tree."""
    stored = Letterhead.objects.filter(unit=unit).first()
    if stored is not None:
        lines = tuple(line.strip() for line in stored.lines.splitlines() if line.strip())
        return Head(lines, stored.address, stored.town)
    names = list(Unit.objects.filter(path__in=[*unit.ancestor_paths, unit.path]).values_list("kind", "name"))
    lines = (POLRI, *(formal_name(name) for kind, name in names if kind != UnitKind.MABES))
    return Head(lines, "", unit.name.split(" ", 1)[-1])


def read_team(visit: Visit, checklist: Checklist | None) -> tuple[tuple[Member, ...], dict[int, Posting]]:
    """Return the members by number, and their offices on the day of the visit."""
    rows = list(visit.members.filter(left_at__isnull=True).select_related("user").order_by("number"))
    postings = postings_above([row.user_id for row in rows], visit.unit, visit.starts_on)
    tasks = _tasks(visit, checklist)
    members = tuple(
        Member(
            number=place,
            office=str(postings.get(row.user_id) or ""),
            name=person_words(row.user),
            duty=_duty(visit, row.user_id),
            tasks=tuple(tasks.get(row.user_id, ())),
        )
        for place, row in enumerate(rows, start=1)
    )
    return members, postings


def _duty(visit: Visit, user_id: int) -> str:
    if user_id == visit.team_leader_id:
        return "Ketua tim"
    return "Wakil ketua tim" if user_id == visit.deputy_id else "Anggota"


def _tasks(visit: Visit, checklist: Checklist | None) -> dict[int, list[str]]:
    """Name the areas that each member checks."""
    if checklist is None:
        return {}
    instrument = engine_instrument(checklist.instrument)
    found: dict[int, list[str]] = {}
    rows = Assignment.objects.filter(visit=visit, node__instrument=checklist.instrument_id).select_related("node")
    for row in rows:
        keys = {item.area_key for item in instrument.items_under(row.node.code)}
        names = found.setdefault(row.user_id, [])
        names += [area.short for area in instrument.areas if area.key in keys and area.short not in names]
    return found


def person_words(user: User) -> str:
    """Write a person's name with rank and number, as far as they are known."""
    rank = " ".join(filter(None, [user.rank, f"NRP {user.nrp}" if user.nrp else ""]))
    return f"{user.name}, {rank}" if rank else user.name


def signature(capacity: str, office: str, user: User | None) -> Signature:
    """Make the place of a signature."""
    if user is None:
        return Signature(capacity, office, "", "")
    rank = " ".join(filter(None, [user.rank, f"NRP {user.nrp}" if user.nrp else ""]))
    return Signature(capacity, office, user.name, rank)


def commander_signature(capacity: str, unit: Unit, day: datetime.date) -> Signature:
    """Make the place where the unit's commander of the day signs; a vacant office stays without a name."""
    rows = Posting.objects.active_on(day).filter(unit=unit, role=Role.COMMANDER)
    posting = rows.select_related("user").order_by("-starts_on", "-pk").first()
    title = _COMMANDERS.get(UnitKind(unit.kind), "Pimpinan")
    office = f"{title} {unit.name.split(' ', 1)[-1]}" if unit.kind in _COMMANDERS else f"{title} {unit.name}"
    return signature(capacity, office if posting is None else office_words(posting), posting.user if posting else None)


def office_words(posting: Posting) -> str:
    """Write an office with the place of its unit where the title does not name it."""
    title, place = str(posting), posting.unit.name.split(" ", 1)[-1]
    if place.lower() in title.lower():
        return title
    return f"{title} {place if posting.title in _COMMANDERS.values() else posting.unit.name}"


def author_posting(checklist: Checklist) -> Posting | None:
    """Return the office by which a sheet without a visit was handed in; none for a unit's own."""
    if checklist.layer != Layer.TPI:
        return None
    person = checklist.submitted_by_id or checklist.created_by_id
    day = checklist.created_at.date()
    return postings_above([person], checklist.unit, day).get(person)
