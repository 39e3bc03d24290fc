"""Import of units and people: an upload is kept as a draft, shown, and written as a whole or not at all."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from wbbm.organisasi.errors import AlreadyDone, NotYourUnit, OrganisationError
from wbbm.organisasi.imports.columns import COLUMNS
from wbbm.organisasi.imports.people_rows import PeopleCheck
from wbbm.organisasi.imports.rows import CheckedRow
from wbbm.organisasi.imports.tables import RawRow, read_table
from wbbm.organisasi.imports.unit_rows import UnitCheck
from wbbm.organisasi.models import AccessLink, ImportDraft, ImportKind, Posting, Role, Unit, User

from .audit import record
from .links import Slip, make_slip
from .people import create_person, reached_people, update_person
from .postings import add_posting, change_posting
from .units import create_unit, move_unit, update_unit

# As many as one prints and cuts at a time; the same button makes the next ones.
SLIPS_AT_ONCE = 100
_UNIT_FACTS = ("code", "name", "kind", "latitude", "longitude", "own_time_zone", "active_from", "active_to")


def keep_upload(*, kind: str, file: BinaryIO, name: str, size: int, by: User) -> ImportDraft:
    """Read an upload and keep its rows for a day; nothing else is written.

    Raises:
        NotYourUnit: the person is admin nowhere.
        ImportRefused: the file can't be read.
    """
    if not by.scope.has_role(Role.ADMIN):
        raise NotYourUnit("Impor dijalankan oleh admin.")
    rows = read_table(file, size, COLUMNS[kind])
    safe_name = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    with transaction.atomic():
        ImportDraft.objects.expired().delete()
        return ImportDraft.objects.create(
            owner=by,
            kind=kind,
            file_name=safe_name[-120:] or "berkas",
            rows=[[row.line, row.values, row.faults] for row in rows],
        )


def check_draft(*, draft: ImportDraft, by: User) -> list[CheckedRow]:
    """Hold the rows against what is stored now, in a fixed number of queries."""
    raw = [RawRow(line, values, faults) for line, values, faults in draft.rows]
    if draft.kind == ImportKind.UNITS:
        return UnitCheck(by, raw).run()
    return PeopleCheck(by, raw).run()


def drop_draft(*, draft: ImportDraft, by: User) -> None:
    """Forget an upload that was not imported."""
    ImportDraft.objects.visible_to(by).filter(pk=draft.pk, applied_at__isnull=True).delete()


def apply_draft(*, draft: ImportDraft, by: User) -> ImportDraft:
    """Write all rows, checked once more, or none.

    Raises:
        AlreadyDone: the draft was imported before (a second click).
        OrganisationError: a row became wrong since the preview.
    """
    with transaction.atomic():
        row = ImportDraft.objects.visible_to(by).filter(pk=draft.pk, applied_at__isnull=True)
        if not row.update(applied_at=timezone.now()):
            raise AlreadyDone("Berkas ini sudah diimpor.")
        checked = check_draft(draft=draft, by=by)
        wrong = [line.line for line in checked if line.is_bad]
        if wrong:
            raise OrganisationError(f"{len(wrong)} baris salah. Belum ada yang disimpan. Periksa baris {wrong[0]}.")
        new_people = _write_units(checked, by) if draft.kind == ImportKind.UNITS else _write_people(checked, by)
        counts = {
            "new": sum(line.is_new for line in checked),
            "changed": sum(line.is_changed for line in checked),
            "same": sum(not line.is_new and not line.is_changed for line in checked),
        }
        ImportDraft.objects.filter(pk=draft.pk).update(outcome={**counts, "people": new_people})
        posting = next(found for found in by.scope.postings if found.role == Role.ADMIN)
        record(
            "import.applied",
            by=by,
            posting=posting,
            about=draft,
            unit=posting.unit,
            changes={name: [None, count] for name, count in counts.items()},
        )
    draft.refresh_from_db()
    return draft


def _write_units(checked: list[CheckedRow], by: User) -> list[int]:
    for row in checked:
        facts = {name: row.facts[name] for name in _UNIT_FACTS}
        if row.is_new:
            create_unit(parent=Unit.objects.get(code=row.facts["parent"]), by=by, **facts)
        elif row.is_changed:
            _change_unit(Unit.objects.get(code=facts["code"]), row.facts["parent"], facts, by)
    return []


def _change_unit(unit: Unit, parent_code: str, facts: dict[str, Any], by: User) -> None:
    parent = Unit.objects.get_parent(unit)
    if parent_code and (parent is None or parent.code != parent_code):
        move_unit(unit=unit, new_parent=Unit.objects.get(code=parent_code), by=by)
        unit = Unit.objects.get(pk=unit.pk)
    update_unit(unit=unit, by=by, **facts)


def _write_people(checked: list[CheckedRow], by: User) -> list[int]:
    made: dict[str, User] = {}
    changed: set[int] = set()
    for row in checked:
        facts, office = row.facts["person"], row.facts["office"]
        person = made.get(facts["username"])
        if person is None and row.facts["person_id"] is not None:
            person = User.objects.get(pk=row.facts["person_id"])
            if person.pk not in changed and any(getattr(person, name) != value for name, value in facts.items()):
                person = update_person(person=person, by=by, **facts)
                changed.add(person.pk)
        elif person is None:
            person = made[facts["username"]] = create_person(by=by, unit=row.facts["unit"], **facts)
        if office is not None:
            _write_office(office, person, row.facts["unit"], by)
    return [person.pk for person in made.values()]


def _write_office(office: dict[str, Any], person: User, unit: Unit, by: User) -> None:
    if office["posting_id"] is None:
        names = ("role", "title", "kind", "starts_on", "ends_on")
        add_posting(by=by, user=person, unit=unit, **{name: office[name] for name in names})
    elif office["is_changed"]:
        stored = Posting.objects.select_related("user", "unit").get(pk=office["posting_id"])
        change_posting(posting=stored, by=by, title=stored.title, kind=office["kind"], ends_on=office["ends_on"])


def waiting_for_links(*, draft: ImportDraft, by: User) -> list[User]:
    """Return the people whom the import added, in reach and without password; those without a link first."""
    ids = [int(pk) for pk in draft.outcome.get("people", [])]
    reached = reached_people(by, ids)
    has_link = Exists(AccessLink.objects.usable(timezone.now()).filter(user=OuterRef("pk")))
    people = User.objects.open().filter(pk__in=list(reached)).alias(has_link=has_link)
    return [person for person in people.order_by("has_link", "name", "pk") if not person.has_usable_password()]


def count_without_link(*, draft: ImportDraft, by: User) -> int:
    """Count those of them for whom no link waits."""
    waiting = waiting_for_links(draft=draft, by=by)
    held = AccessLink.objects.usable(timezone.now()).filter(user__in=waiting).values("user_id").distinct()
    return len(waiting) - held.count()


def make_slips(*, draft: ImportDraft, by: User) -> list[Slip]:
    """Make a one-time link for the next SLIPS_AT_ONCE of them, to be printed and cut; older links of theirs end."""
    with transaction.atomic():
        waiting = waiting_for_links(draft=draft, by=by)[:SLIPS_AT_ONCE]
        return [make_slip(user=person, by=by) for person in waiting]
