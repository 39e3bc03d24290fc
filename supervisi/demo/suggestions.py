"""Two items of the Polres's own sheet that were answered from the portal's figures."""

from __future__ import annotations

import uuid

from django.utils import timezone

from supervisi.access import posting_to_create
from supervisi.demo.district import District
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, Layer, Suggestion, SuggestionOutcome
from supervisi.services.public_facts import read_figures
from supervisi.services.suggestions import digest_of, freeze, proposed_for, write_figures
from supervisi.suggestions.rules import rules_of

_REASON = "Angka menurut register di loket; portal baru dipakai sebagian tahun."
_FACTS = ("surveys", "services")


def add_suggestions(district: District) -> None:
    """Keep the figures by which the operator answered, before he submitted the sheet."""
    operator = district.people["bagren"]
    posting = posting_to_create(operator, district.polres, Layer.SELF)
    sheets = Checklist.objects.filter(unit=district.polres, layer=Layer.SELF).with_frame()
    checklist = sheets.latest("period__first_day")
    engine = engine_instrument(checklist.instrument)
    figures = read_figures(district.polres, checklist.period, _FACTS)
    chosen = {rule.fact: rule for rule in rules_of(checklist.instrument.code).items.values() if rule.fact in _FACTS}
    for fact, rule in sorted(chosen.items()):
        item = engine.item(rule.item_code)
        answer = Answer.objects.get(checklist=checklist, item__code=item.code)
        answer.checklist = checklist
        decided, proposed = (answer.value or {}).get("answer"), proposed_for(rule, item, figures[fact])
        is_same = decided == proposed
        row = Suggestion(
            uuid=uuid.uuid4(), fact=fact, figures=figures[fact].as_value(),
            digest=digest_of(checklist, rule, figures[fact]), proposed=proposed, decided=decided,
            outcome=SuggestionOutcome.ACCEPTED if is_same else SuggestionOutcome.CORRECTED,
            reason="" if is_same else _REASON, by=operator, posting=posting,
            decided_at=checklist.submitted_at or timezone.now(),
        )  # fmt: skip
        freeze(answer, item, figures[fact], write_figures(checklist, item, figures[fact], row), row)
