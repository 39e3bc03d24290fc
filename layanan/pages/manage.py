"""What keepers and watchers see of a unit's services: what is missing, what is edited, what it was before."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils import dateformat

from layanan.access import DISTRICT_KINDS, SERVING_KINDS, posting_to_keep, posting_to_write
from layanan.components import BY_KEY, COMPONENTS, label_of
from layanan.models import Availability, CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject, Tariff
from layanan.pages.catalogue import Offer, Price, read_own, read_prices, read_templates
from layanan.pages.public_unit import local_today
from layanan.services.catalogue import Content, Thing, changed_names, content_of, versions
from wbbm.organisasi.clock import moment_text
from wbbm.organisasi.models import Unit, User

POINT_WORD, TEMPLATE_PREFIX = "loket", "baku-"
PAGE_SIZE = 50
_MOST_VERSIONS = 100
# What residents need of a desk; the rest may be empty.
_DESK = (("address", "alamat"), ("hours", "jam layanan"), ("phone", "telepon"), ("charter", "maklumat"))


def find_unit(user: User, pk: int) -> Unit | None:
    """Return the unit if the person sees it and it has services or standards (one query)."""
    kinds = {*SERVING_KINDS, *DISTRICT_KINDS}
    found: Unit | None = Unit.objects.visible_to(user).filter(pk=pk, kind__in=kinds).first()
    return found


# --- one unit -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServiceLine:
    """A service of a unit: how complete its standard is."""

    offer: Offer
    word: str

    @property
    def is_offered(self) -> bool:
        """Tell whether residents see it at this unit."""
        return self.offer.availability != Availability.NONE

    @property
    def filled(self) -> int:
        """How many components are filled in."""
        return len(COMPONENTS) - len(self.offer.missing)

    @property
    def progress(self) -> str:
        """How complete it is: 11 dari 14."""
        return f"{self.filled} dari {len(COMPONENTS)}"

    @property
    def state(self) -> str:
        """What the unit does about it."""
        return str(Availability(self.offer.availability).label)


@dataclass(frozen=True)
class ManagePage:
    """The services of a unit for those who keep or watch them."""

    unit: Unit
    lines: tuple[ServiceLine, ...]
    missing_of_desk: tuple[str, ...]
    templates: tuple[ServiceTemplate, ...]
    serves: bool
    can_edit: bool
    can_keep: bool

    @property
    def due(self) -> tuple[ServiceLine, ...]:
        """The services that owe all components."""
        return tuple(line for line in self.lines if line.offer.serves)


def read_manage_page(user: User, unit: Unit) -> ManagePage:
    """Read a unit's services (three queries)."""
    templates = read_templates(unit)
    serves = unit.kind in SERVING_KINDS
    own = read_own([unit]).get(unit.pk, {}) if serves else {}
    point = ServicePoint.objects.filter(unit=unit).first() if serves else None
    return ManagePage(
        unit=unit,
        lines=tuple(sorted(_lines(templates, unit, own), key=_by_state)) if serves else (),
        missing_of_desk=missing_of_desk(point) if serves else (),
        templates=tuple(templates.values()) if unit.kind in DISTRICT_KINDS else (),
        serves=serves,
        can_edit=posting_to_write(user, unit, Subject.SERVICE) is not None,
        can_keep=posting_to_keep(user, unit) is not None,
    )


def _lines(templates: dict[str, ServiceTemplate], unit: Unit, own: dict[str, Service]) -> Iterable[ServiceLine]:
    for code, template in templates.items():
        mine = own.get(code)
        default = template.availability.get(unit.kind, Availability.NONE)
        yield ServiceLine(Offer(template, mine, mine.availability if mine else default, ()), code)


def _by_state(line: ServiceLine) -> int:
    """Put first what is served, last what is not there."""
    return list(Availability.values).index(line.offer.availability)


def missing_of_desk(point: ServicePoint | None) -> tuple[str, ...]:
    """Name what residents don't find about a desk."""
    return tuple(word for name, word in _DESK if not getattr(point, name, ""))


# --- one thing that has versions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edited:
    """What is edited, as it is stored now."""

    thing: Thing
    word: str
    title: str
    template: ServiceTemplate | None
    content: Content
    version: int
    # The components that only the district writes, with their texts.
    fixed: tuple[tuple[str, str], ...]

    @property
    def public_url(self) -> str:
        """Where residents read it; empty where there is no such page."""
        unit = self.thing.unit
        if self.thing.subject == Subject.POINT:
            return reverse("layanan:unit", args=[unit.code])
        if self.thing.subject == Subject.SERVICE and self.content["availability"] != Availability.NONE:
            return reverse("layanan:service", args=[unit.code, self.thing.code])
        return ""


def read_edited(unit: Unit, word: str) -> Edited | None:
    """Read what a word of the address names (two queries at most); None where there is no such thing."""
    if word == POINT_WORD:
        if unit.kind not in SERVING_KINDS:
            return None
        thing = Thing(Subject.POINT, unit)
        row = thing.row()
        return Edited(thing, word, "Loket dan maklumat", None, content_of(Subject.POINT, row), _version(row), ())
    is_template = word.startswith(TEMPLATE_PREFIX)
    if unit.kind not in (DISTRICT_KINDS if is_template else SERVING_KINDS):
        return None
    template = read_templates(unit).get(word.removeprefix(TEMPLATE_PREFIX))
    if template is None:
        return None
    if is_template:
        own = template.version if template.unit_id == unit.pk else 0
        thing = Thing(Subject.TEMPLATE, unit, template.code)
        stored = content_of(Subject.TEMPLATE, template)
        return Edited(thing, word, f"Standar {template.name}", template, stored, own, ())
    thing = Thing(Subject.SERVICE, unit, template.code)
    row = thing.row()
    default = {"availability": template.availability.get(unit.kind, Availability.NONE), "hours": "", "parts": {}}
    fixed = tuple((BY_KEY[key].label, template.parts.get(key, "")) for key in template.fixed if key in BY_KEY)
    return Edited(
        thing, word, template.name, template, content_of(Subject.SERVICE, row) or default, _version(row), fixed
    )


def _version(row: ServiceTemplate | Service | ServicePoint | None) -> int:
    return row.version if row is not None else 0


@dataclass(frozen=True)
class Difference:
    """One thing that two versions say differently."""

    label: str
    old: str
    new: str


def differences(old: Content, new: Content) -> tuple[Difference, ...]:
    """Return what two contents say differently, in words."""
    return tuple(Difference(label_of(name), _shown(old, name), _shown(new, name)) for name in changed_names(old, new))


def _shown(content: Content, name: str) -> str:
    value = content.get("parts", {}).get(name, "") if name in BY_KEY else content.get(name)
    if name == "fixed":
        return ", ".join(label_of(key) for key in value or [])
    if name == "availability" and value:
        return str(Availability(value).label)
    if name == "charter_on" and value:
        return dateformat.format(datetime.date.fromisoformat(value), "j F Y")
    return str(value or "")


@dataclass(frozen=True)
class VersionLine:
    """One saved version: who saved it by which office, when, and what it changed."""

    number: int
    by: str
    at: str
    restored: int | None
    changes: tuple[Difference, ...]
    is_current: bool


@dataclass(frozen=True)
class HistoryPage:
    """The versions of a thing, the latest first."""

    edited: Edited
    lines: tuple[VersionLine, ...]
    can_restore: bool


def read_versions(user: User, edited: Edited) -> HistoryPage:
    """Read the latest versions (one query)."""
    rows = list(versions(edited.thing).select_related("posting")[: _MOST_VERSIONS + 1])
    before = {row.version: row.content for row in rows}
    lines = tuple(
        VersionLine(
            number=row.version, by=by_office(row), at=moment_text(row.at, edited.thing.unit), restored=row.restored,
            changes=differences(before.get(row.version - 1, {}), row.content), is_current=row.version == edited.version,
        )
        for row in rows[:_MOST_VERSIONS]
    )  # fmt: skip
    can = posting_to_write(user, edited.thing.unit, edited.thing.subject) is not None
    return HistoryPage(edited, lines, can)


def by_office(row: CatalogueRevision) -> str:
    """Say who saved a version: by office, never by name."""
    return str(row.posting) if row.posting is not None else "Bawaan"


def saved_words(row: CatalogueRevision | None, unit: Unit) -> str:
    """Say who saved the version that is stored, and when."""
    return f"{by_office(row)}, {moment_text(row.at, unit)}" if row is not None else ""


# --- tariffs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TariffLine:
    """A tariff of a unit as its keeper sees it."""

    tariff: Tariff
    state: str
    can_end: bool


@dataclass(frozen=True)
class TariffsPage:
    """The tariffs that hold at a unit, and those that it recorded itself, ended ones included."""

    unit: Unit
    prices: tuple[Price, ...]
    own: tuple[TariffLine, ...]
    can_keep: bool

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The tariffs of which a new one can be recorded."""
        return [(price.tariff.key, f"{price.tariff.name} (kini {price.text})") for price in self.prices]


def read_tariffs_page(user: User, unit: Unit) -> TariffsPage:
    """Read the tariffs of a unit (two queries)."""
    day = local_today(unit)
    can_keep = posting_to_keep(user, unit) is not None
    own = Tariff.objects.filter(unit=unit).order_by("position", "-valid_from")
    return TariffsPage(
        unit, tuple(read_prices(unit, day)), tuple(_tariff_line(row, day, can_keep) for row in own), can_keep
    )


def _tariff_line(row: Tariff, day: datetime.date, can_keep: bool) -> TariffLine:
    is_over = row.valid_until is not None and row.valid_until < day
    state = "berakhir" if is_over else "berlaku" if row.has_begun(day) else "akan berlaku"
    return TariffLine(row, state, can_keep and not is_over)


# --- all units -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GapLine:
    """How complete a unit's standards are, and what is missing in how many services."""

    unit: Unit
    services: int
    filled: int
    missing: tuple[tuple[str, int], ...]
    missing_of_desk: tuple[str, ...]

    @property
    def due(self) -> int:
        """How many components the unit owes."""
        return self.services * len(COMPONENTS)

    @property
    def missing_text(self) -> str:
        """What is missing, with the number of services."""
        return ", ".join(f"{label} ({count})" for label, count in self.missing)


@dataclass(frozen=True)
class GapsPage:
    """The units in sight with what their public pages lack."""

    lines: tuple[GapLine, ...]
    page: Page | None
    count: int


def read_gaps(user: User, number: str | None = "1") -> GapsPage:
    """Read the units in sight (five queries); a page of them, or all without a number."""
    rows = Unit.objects.visible_to(user).filter(kind__in=SERVING_KINDS).active_on(local_today(None))
    page = Paginator(rows, PAGE_SIZE).get_page(number) if number is not None else None
    units: list[Unit] = list(page.object_list) if page is not None else list(rows)
    templates = list(ServiceTemplate.objects.order_by("position").select_related("unit"))
    own = read_own(units)
    points = {point.unit_id: point for point in ServicePoint.objects.filter(unit__in=units)}
    lines = tuple(
        _gap_line(unit, _holding(templates, unit), own.get(unit.pk, {}), points.get(unit.pk)) for unit in units
    )
    return GapsPage(lines, page, page.paginator.count if page is not None else len(units))


def _holding(templates: list[ServiceTemplate], unit: Unit) -> dict[str, ServiceTemplate]:
    """Return the standards that hold at a unit: of each code the nearest."""
    found: dict[str, ServiceTemplate] = {}
    for row in sorted(templates, key=lambda row: len(row.unit.path) if row.unit is not None else 0):
        if row.unit is None or unit.is_within(row.unit.path):
            found[row.code] = row
    return found


def _gap_line(
    unit: Unit, templates: dict[str, ServiceTemplate], own: dict[str, Service], point: ServicePoint | None
) -> GapLine:
    due = [line.offer for line in _lines(templates, unit, own) if line.offer.serves]
    lacking = Counter(component.key for offer in due for component in offer.missing)
    missing = tuple((each.label, lacking[each.key]) for each in COMPONENTS if lacking[each.key])
    filled = len(due) * len(COMPONENTS) - sum(lacking.values())
    return GapLine(unit, len(due), filled, missing, missing_of_desk(point))
