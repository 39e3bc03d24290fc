"""Looking for a tariff by the words people use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from layanan.models import ServiceTemplate
from layanan.pages.catalogue import Price, read_prices, read_templates
from layanan.pages.home import home_unit
from layanan.pages.public_unit import local_today
from wbbm.organisasi.models import Unit, UnitKind

TEXT_LIMIT = 80
_MOST_UNITS = 10
_LIKENESS = 0.75


@dataclass(frozen=True)
class Group:
    """The tariffs of one service."""

    template: ServiceTemplate
    prices: tuple[Price, ...]


@dataclass(frozen=True)
class TariffPage:
    """The tariffs, all or those that were looked for."""

    asked: str
    unit: Unit | None
    groups: tuple[Group, ...]
    units: tuple[Unit, ...]
    # More units fit than are shown.
    has_more_units: bool = False
    # What was looked for instead, where nothing was found as it was typed.
    guessed: str = ""

    @property
    def count(self) -> int:
        """How many tariffs were found."""
        return sum(len(group.prices) for group in self.groups)


def read_tariff_page(asked: str) -> TariffPage:
    """Read the tariffs that fit the words (three queries; four where a unit may be meant)."""
    day = local_today(None)
    unit = home_unit(day)
    templates = read_templates(unit)
    prices = [price for price in read_prices(unit, day) if price.tariff.service in templates]
    texts = {price: _words(_text(price, templates[price.tariff.service])) for price in prices}
    wanted = _words(asked)
    found = [price for price in prices if _fits(wanted, texts[price])]
    units = _units(asked) if wanted else ()
    guessed = ""
    if wanted and not found and not units:
        guess = _corrected(wanted, {word for words in texts.values() for word in words})
        found = [price for price in prices if guess and _fits(guess, texts[price])]
        guessed = " ".join(guess) if found else ""
    groups = [
        Group(template, tuple(price for price in found if price.tariff.service == code))
        for code, template in templates.items()
    ]
    return TariffPage(
        asked,
        unit,
        tuple(group for group in groups if group.prices),
        units[:_MOST_UNITS],
        len(units) > _MOST_UNITS,
        guessed,
    )


def _text(price: Price, template: ServiceTemplate) -> str:
    return f"{price.tariff.name} {price.tariff.words} {template.name} {template.desk}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", text[:400].lower()))


def _fits(wanted: Iterable[str], words: tuple[str, ...]) -> bool:
    """Tell whether each wanted word begins one of the words; one letter or figure must be a whole word."""
    return all(any(word == one or (len(one) > 1 and word.startswith(one)) for word in words) for one in wanted)


def _corrected(wanted: tuple[str, ...], known: set[str]) -> tuple[str, ...]:
    """Replace what nobody wrote by the word that is most like it; nothing where one has no like."""
    found = []
    for one in wanted:
        if _fits((one,), tuple(known)):
            found.append(one)
            continue
        like = difflib.get_close_matches(one, sorted(known), n=1, cutoff=_LIKENESS) if len(one) > 2 else []
        if not like:
            return ()
        found.append(like[0])
    return tuple(found)


def _units(asked: str) -> tuple[Unit, ...]:
    """Look for units whose name holds the text (one query)."""
    if len(asked) < 3:
        return ()
    kinds = (UnitKind.POLRES, UnitKind.POLSEK)
    found = Unit.objects.filter(kind__in=kinds).named_like(asked).active_on(local_today(None))
    return tuple(found[: _MOST_UNITS + 1])
