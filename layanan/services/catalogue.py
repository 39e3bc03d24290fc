"""Saving of standards, services and desks: every saved edit is a version of its own, and none is lost."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction

from layanan.access import posting_to_write
from layanan.components import label_of
from layanan.models import CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject
from layanan.models.catalogue import CONTENT, PART_KEYS
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

Content = dict[str, Any]
_MODELS: dict[str, type[models.Model]] = {
    Subject.TEMPLATE: ServiceTemplate,
    Subject.SERVICE: Service,
    Subject.POINT: ServicePoint,
}
_ACTS = {
    Subject.TEMPLATE: "service-template.changed",
    Subject.SERVICE: "service.changed",
    Subject.POINT: "service-point.changed",
}
_REFUSALS = {
    Subject.TEMPLATE: "Standar pelayanan diubah oleh admin satuan itu atau satuan di atasnya.",
    Subject.SERVICE: "Halaman layanan diubah oleh operator satuan itu.",
    Subject.POINT: "Loket dan maklumat diubah oleh operator satuan itu.",
}


@dataclass(frozen=True)
class Thing:
    """What is edited: a standard or a service of a unit by its code, or the unit's desk."""

    subject: str
    unit: Unit
    code: str = ""

    def row(self) -> ServiceTemplate | Service | ServicePoint | None:
        """Return what is stored (one query); None where only the template holds."""
        found: Any = _MODELS[self.subject]._default_manager.filter(**self.place).first()
        return found

    @property
    def place(self) -> dict[str, Any]:
        """The columns by which it is found."""
        return {"unit": self.unit} | ({} if self.subject == Subject.POINT else {"code": self.code})


@dataclass(frozen=True)
class Saved:
    """The version that is stored now; in a conflict it is somebody else's, and nothing was written."""

    version: int
    is_conflict: bool = False


def content_of(subject: str, row: models.Model | None) -> Content:
    """Return what is edited of a row, as JSON values; nothing of a row that is not there."""
    if row is None:
        return {}
    found = {name: getattr(row, name) for name in CONTENT[subject]}
    return {name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in found.items()}


def save_content(*, thing: Thing, content: Content, base: int, by: User, restored: int | None = None) -> Saved:
    """Save an edit that was begun on a version; the same content again changes nothing.

    Raises:
        NotAllowed: the person doesn't keep this unit's pages.
    """
    posting = allowed(by, thing)
    content = {name: content[name] for name in CONTENT[thing.subject]}
    row = thing.row()
    before = content_of(thing.subject, row)
    if row is not None and before == content:
        return Saved(row.version)
    with transaction.atomic():
        if not _write(thing, content, base):
            stored = thing.row()
            is_same = content_of(thing.subject, stored) == content
            return Saved(stored.version if stored is not None else 0, is_conflict=not is_same)
        _keep(thing, content, before, base + 1, by, posting, restored)
    return Saved(base + 1)


def restore(*, thing: Thing, number: int, by: User) -> Saved:
    """Bring an old version back as a new one; what is stored now stays in the history.

    Raises:
        DomainError: there is no such version.
        NotAllowed: the person doesn't keep this unit's pages.
    """
    allowed(by, thing)
    found = versions(thing).filter(version=number).first()
    row = thing.row()
    if found is None or row is None:
        raise DomainError("Versi itu tidak ada. Buka lagi riwayatnya.")
    return save_content(thing=thing, content=found.content, base=row.version, by=by, restored=number)


def versions(thing: Thing) -> models.QuerySet[CatalogueRevision]:
    """Return the saved versions, the latest first."""
    return CatalogueRevision.objects.filter(unit=thing.unit, subject=thing.subject, code=thing.code)


def allowed(by: User, thing: Thing) -> Posting:
    """Return the posting by which the person edits; refuse everybody else."""
    posting = posting_to_write(by, thing.unit, thing.subject)
    if posting is None:
        raise NotAllowed(_REFUSALS[Subject(thing.subject)])
    return posting


def _write(thing: Thing, content: Content, base: int) -> bool:
    """Write on the version that the edit was begun on; the write itself decides who came first."""
    model = _MODELS[thing.subject]
    if base > 0:
        rows = model._default_manager.filter(**thing.place, version=base)
        return rows.update(**content, version=base + 1) == 1
    try:
        with transaction.atomic():
            model._default_manager.create(**_first(thing), **content, version=1)
    except IntegrityError:
        return False
    return True


def _first(thing: Thing) -> dict[str, Any]:
    """Return what a first version has besides its content: a standard takes after the one above it."""
    if thing.subject != Subject.TEMPLATE:
        return thing.place
    above = ServiceTemplate.objects.holding_at(thing.unit).filter(code=thing.code).last()
    if above is None:
        raise DomainError("Standar layanan ini tidak dikenal.")
    taken = {name: getattr(above, name) for name in ("icon", "position", "availability", "unsure")}
    return thing.place | taken


def _keep(
    thing: Thing, content: Content, before: Content, version: int, by: User, posting: Posting, restored: int | None,
) -> None:  # fmt: skip
    kept = CatalogueRevision.objects.create(
        unit=thing.unit, subject=thing.subject, code=thing.code, version=version, content=content, by=by,
        posting=posting, restored=restored,
    )  # fmt: skip
    changed = ", ".join(label_of(name) for name in changed_names(before, content))
    record(_ACTS[Subject(thing.subject)], by=by, posting=posting, about=kept, unit=thing.unit,
           changes={"version": [version - 1, version], "content": ["", changed]})  # fmt: skip


def changed_names(before: Content, after: Content) -> list[str]:
    """Name the fields and components in which two contents differ."""
    plain = [name for name in after if name != "parts" and (before.get(name) or "") != (after[name] or "")]
    old, new = before.get("parts") or {}, after.get("parts") or {}
    return plain + sorted(key for key in PART_KEYS if old.get(key, "") != new.get(key, ""))
