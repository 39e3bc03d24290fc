"""What a new version would change: every counting sheet by the old and by the new one, computed in the worker."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Checklist,
    EffectLine,
    EffectStatus,
    InstrumentDraft,
    InstrumentEffect,
    Layer,
    Outcome,
    UnitScore,
)
from supervisi.scoring.answers import AnswerValue
from supervisi.scoring.crosswalk import carry, keeps_answer
from supervisi.scoring.engine import SheetScore, parse_answers, score_sheet, score_values
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import TOTAL, Instrument
from supervisi.scoring.rounding import to_units
from supervisi.services.content import answers_of
from supervisi.services.instrument_drafts import admin_of_top, draft_instrument
from wbbm.errors import InvalidTransition
from wbbm.jobs import services as jobs
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import UnitKind, User

log = logging.getLogger(__name__)

EFFECT = "instrument-effect"
MOST_ATTEMPTS = 3
_BATCH = 200
# The layers by which a unit is judged, the first that there is.
_LAYERS: dict[str, tuple[str, ...]] = {UnitKind.POLSEK: (Layer.SUPERVISION,)}
_OTHER_LAYERS: tuple[str, ...] = (Layer.TPI, Layer.SELF)
_FULL = AnswerValue(None, Fraction(1), True)


class Overtaken(Exception):
    """It was asked for anew, or the draft is gone; nothing of this computation is kept."""


@dataclass(frozen=True)
class Counting:
    """The sheet by which a unit is judged today."""

    unit_id: int
    checklist_id: int
    layer: str


@dataclass(frozen=True)
class Verdict:
    """A predicate by the old version, and by the new one: for certain, and at best."""

    code: str
    label: str
    # None where the old version doesn't know the predicate.
    before: bool | None
    surely: bool
    possibly: bool

    @property
    def outcome(self) -> Outcome:
        """Tell what becomes of it: missing answers can only raise a score, so the two bounds decide."""
        if self.before is None:
            return Outcome.SAME
        if self.before and not self.possibly:
            return Outcome.LOSES
        if not self.before and self.surely:
            return Outcome.GAINS
        return Outcome.UNSURE if self.possibly and not self.surely else Outcome.SAME


def request_effect(*, draft: InstrumentDraft, by: User) -> InstrumentEffect:
    """Have the effect computed, once more where it was.

    Raises:
        NotAllowed: not the admin of the top unit.
        InvalidTransition: the draft was published or discarded.
    """
    admin_of_top(by)
    facts = {
        "status": EffectStatus.REQUESTED, "done": 0, "total": 0, "attempts": 0, "fault": "", "requested_by": by,
        "requested_at": timezone.now(),
    }  # fmt: skip
    with transaction.atomic():
        # The draft's row is held first: it is neither published nor discarded while this is written.
        if not InstrumentDraft.objects.unpublished().filter(pk=draft.pk).update(code=F("code")):
            raise InvalidTransition("Rancangan ini sudah terbit atau dibuang. Muat ulang daftar instrumen.")
        effect, _ = InstrumentEffect.objects.update_or_create(draft=draft, defaults=facts)
        jobs.request(EFFECT, str(draft.pk))
    return effect


def is_current(effect: InstrumentEffect | None, draft: InstrumentDraft) -> bool:
    """Tell whether the effect was computed on the crosswalk as it is now."""
    return (
        effect is not None
        and effect.status == EffectStatus.READY
        and effect.crosswalk_version == draft.crosswalk_version
    )


# --- the job ----------------------------------------------------------------------------------------------


def compute_effect(claim: jobs.Claim) -> None:
    """Do the job of a draft: score every counting sheet twice, and keep the result with what it was computed on."""
    row = InstrumentEffect.objects.at_work().filter(draft=int(claim.key))
    if not row.update(status=EffectStatus.WORKING, attempts=F("attempts") + 1, done=0):
        return
    effect = InstrumentEffect.objects.select_related("draft__base", "draft__unit").get(draft=int(claim.key))
    if effect.attempts > MOST_ATTEMPTS:
        # Whatever it was, the worker itself included: nobody waits for ever.
        said = f"Penghitungan gagal {MOST_ATTEMPTS} kali. Coba lagi; bila tetap gagal, hubungi pengelola portal."
        with transaction.atomic():
            claim.complete()
            row.update(status=EffectStatus.FAILED, fault=said)
        return
    try:
        found = Computation(effect.draft)
        found.run(lambda done, total: _report(effect.pk, done, total))
        _keep(claim, effect, found)
    except Overtaken:
        # What was set in a transaction that rolled back does not count.
        claim.is_complete = False
        log.info("effect of draft %s was overtaken", claim.key)


def _report(pk: int, done: int, total: int) -> None:
    if not InstrumentEffect.objects.filter(pk=pk, status=EffectStatus.WORKING).update(done=done, total=total):
        raise Overtaken


def _keep(claim: jobs.Claim, effect: InstrumentEffect, found: Computation) -> None:
    with transaction.atomic():
        claim.complete()
        row = InstrumentEffect.objects.filter(pk=effect.pk, status=EffectStatus.WORKING)
        if not row.update(
            status=EffectStatus.READY,
            crosswalk_version=effect.draft.crosswalk_version,
            basis=found.basis.hexdigest(),
            summary=found.summary(),
            computed_at=timezone.now(),
            fault="",
        ):
            raise Overtaken
        EffectLine.objects.filter(effect=effect).delete()
        for line in found.lines:
            line.effect = effect
        EffectLine.objects.bulk_create(found.lines, batch_size=500)


class Computation:
    """Scores the sheets of a draft's units in batches; `basis` hashes all that went in."""

    def __init__(self, draft: InstrumentDraft) -> None:
        self.draft = draft
        self.old, self.new = engine_instrument(draft.base), draft_instrument(draft)
        self.pairs = draft.pairs
        self.lines: list[EffectLine] = []
        self.older = 0
        parts = [draft.sha256, draft.base.sha256, sorted(self.pairs.items())]
        self.basis = hashlib.sha256(_canonical(parts))
        self._tally: dict[str, dict[str, int]] = {}

    def run(self, report: Callable[[int, int], None]) -> None:
        """Score every sheet; `report` is told how many of how many are done."""
        sheets = list(self._counting())
        report(0, len(sheets))
        for start in range(0, len(sheets), _BATCH):
            batch = sheets[start : start + _BATCH]
            answers = answers_of(Checklist.objects.filter(pk__in=[each.checklist_id for each in batch]).only("pk"))
            self.lines += [self._line(each, answers.get(each.checklist_id, {})) for each in batch]
            report(start + len(batch), len(sheets))

    def _counting(self) -> Iterator[Counting]:
        """Yield the newest counting sheet of each unit; units whose newest is of an older version are only counted."""
        today = local_day(self.draft.unit)
        rows = (
            UnitScore.objects.filter(
                instrument__code=self.draft.code,
                counting__isnull=False,
                period__first_day__lte=today,
                unit__path__startswith=self.draft.unit.path,
            )
            .order_by("unit__path", "-period__first_day", "-instrument_id")
            .values_list("unit_id", "unit__kind", "layer", "counting_id", "instrument_id", "period_id")
        )
        best: dict[int, tuple[int, int, Counting, int]] = {}
        for unit, kind, layer, counting, instrument, period in rows:
            layers = _LAYERS.get(kind, _OTHER_LAYERS)
            if layer not in layers:
                continue
            known = best.get(unit)
            # The rows come newest period first: within that one the layer decides.
            if known is None or (known[0] == period and layers.index(layer) < known[1]):
                best[unit] = (period, layers.index(layer), Counting(unit, counting, layer), instrument)
        for _, _, found, instrument in best.values():
            if instrument == self.draft.base_id:
                yield found
            else:
                self.older += 1

    def _line(self, sheet: Counting, answers: Mapping[str, Any]) -> EffectLine:
        self.basis.update(_canonical([sheet.checklist_id, sorted(answers.items())]))
        before = score_sheet(self.old, answers)
        values = parse_answers(self.new, carry(self.old, self.new, self.pairs, answers))
        after = score_values(self.new, values)
        best = score_values(self.new, {c: value if value.is_answered else _FULL for c, value in values.items()})
        verdicts = list(self._verdicts(before, after, best))
        for verdict in verdicts:
            self._count(verdict)
        return EffectLine(
            unit_id=sheet.unit_id,
            checklist_id=sheet.checklist_id,
            layer=sheet.layer,
            outcome=min((verdict.outcome for verdict in verdicts), default=Outcome.SAME),
            before=to_units(before.complete[TOTAL]),
            provisional=to_units(after.provisional[TOTAL]),
            complete=to_units(after.complete[TOTAL]),
            unanswered=len(after.unanswered),
            verdicts=[[v.code, v.label, v.before, v.surely, v.possibly] for v in verdicts],
        )

    def _verdicts(self, before: SheetScore, after: SheetScore, best: SheetScore) -> Iterator[Verdict]:
        known = {result.code: result.passed for result in judge(self.old, before)}
        for worst, top in zip(judge(self.new, after), judge(self.new, best), strict=True):
            yield Verdict(worst.code, worst.label, known.get(worst.code), worst.passed, top.passed)

    def _count(self, verdict: Verdict) -> None:
        tally = self._tally.setdefault(verdict.code, dict.fromkeys(Outcome.names, 0))
        tally[verdict.outcome.name] += 1

    def summary(self) -> dict[str, Any]:
        """Return the counts that the page shows."""
        outcomes = dict.fromkeys(Outcome.names, 0)
        for line in self.lines:
            outcomes[Outcome(line.outcome).name] += 1
        labels = {rule.code: rule.label for rule in self.new.predicates}
        return {
            "outcomes": outcomes,
            "older": self.older,
            "missing": missing_items(self.old, self.new, self.pairs),
            "predicates": [[code, labels[code], self._tally.get(code, {})] for code in labels],
        }


def missing_items(old: Instrument, new: Instrument, pairs: Mapping[str, str | None]) -> int:
    """Count the new items to which no answer can be carried over."""
    reached = {
        after
        for before, after in pairs.items()
        if after is not None and new.has_item(after) and keeps_answer(old.item(before), new.item(after))
    }
    return len(new.items) - len(reached)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode()
