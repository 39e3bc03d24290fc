"""`manage.py simulate_nation`: a country for benches; the same for the same seed, counted by the one engine."""

import hashlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from supervisi.models import (
    Answer,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Finding,
    Layer,
    LayerComparison,
    UnitScore,
    Visit,
)
from supervisi.rollup_key import RollupKey
from supervisi.services.content import content_hash
from supervisi.services.layers import comparison_fields, sheets_past_draft
from supervisi.services.operations import Card, payload_hash
from supervisi.services.period_pass import LAYER_FIELDS
from supervisi.services.recompute import recompute
from supervisi.services.scores import compute_result, load_subject, score_fields
from supervisi.services.stakes import stake_of
from tests.factories import make_unit
from wbbm.organisasi.models import Posting, Unit, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def simulate(settings):
    settings.IS_DEMO = True

    def run(**options):
        out = io.StringIO()
        size = {"polda": 1, "polres": 2, "polsek": 6, "periods": 2, "seed": 1} | options
        call_command("simulate_nation", stdout=out, **size)
        return out.getvalue()

    return run


def digest():
    """Hash what is made, by names instead of numbers: units, answers, states, results."""
    answers = Answer.objects.order_by("checklist__unit__code", "checklist__pk", "item__code")
    parts = [
        list(Unit.objects.order_by("path").values_list("code", "kind", "time_zone", "latitude", "longitude")),
        list(answers.values_list("checklist__unit__code", "checklist__layer", "item__code", "value")),
        list(Checklist.objects.order_by("pk").values_list("unit__code", "period__name", "layer", "status")),
        list(ChecklistScore.objects.order_by("checklist").values_list("complete", "nodes")),
        list(
            UnitScore.objects.order_by("unit__code", "period__name", "instrument__code", "layer").values_list(
                "score_sum", "areas"
            )
        ),
    ]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def test_a_small_country_is_whole_and_its_results_are_those_of_the_jobs(simulate):
    """The bulk pass gives what the jobs give one by one: sheets, comparisons of layers and every level of units."""
    out = simulate()
    assert "selesai" in out and "Polda 1 dari 1" in out
    count = {kind: Unit.objects.filter(kind=kind).count() for kind in UnitKind.values}
    assert (count["mabes"], count["polda"], count["polres"], count["polsek"]) == (1, 1, 2, 6)
    assert Unit.objects.find_problems() == ([], [], [], [], [])
    assert User.objects.count() == User.objects.filter(is_demo=True).count() == 4 + 8 + 2 * 7 + 6
    assert not Posting.objects.filter(approved_at__isnull=True).exists()
    sheets = list(Checklist.objects.with_frame())
    assert {sheet.layer for sheet in sheets} == set(Layer.values)
    assert ChecklistStatus.FINAL in {sheet.status for sheet in sheets}
    assert Visit.objects.count() == Checklist.objects.filter(layer=Layer.SUPERVISION).count() > 10
    for sheet in sheets[::3]:
        fields = score_fields(sheet)
        assert {name: getattr(sheet.score, name) for name in fields} == fields
        if sheet.status == ChecklistStatus.FINAL:
            assert sheet.content_hash == content_hash(sheet) == sheet.verification_codes.get().content_hash
    rows = list(UnitScore.objects.filter(period__settled_at__isnull=True))
    assert {row.unit.kind for row in rows} == {"mabes", "polda", "polres", "polsek"}
    for row in [row for row in rows if row.unit.kind != "polsek" or row.pk % 3 == 0]:
        subject = load_subject(RollupKey(row.unit_id, row.period_id, row.instrument_id, row.layer))
        result = vars(compute_result(subject))
        assert {name: getattr(row, name) for name in result} == result
    assert any(row.changes for row in rows)
    for row in LayerComparison.objects.filter(period__settled_at__isnull=True):
        wanted = LayerComparison(**comparison_fields(sheets_past_draft(row.unit_id, row.period_id, row.instrument_id)))
        assert all(getattr(row, name) == getattr(wanted, name) for name in (*LAYER_FIELDS, "basis"))
    revision = AnswerRevision.objects.select_related("answer__item").order_by("-pk")[0]
    said = payload_hash(
        checklist_id=revision.checklist_id, item_code=revision.answer.item.code, author_id=revision.author_id,
        card=Card.of(revision.value),
    )  # fmt: skip
    assert said == revision.payload_hash
    finding = Finding.objects.select_related("item", "checklist").order_by("pk")[0]
    assert (finding.target_option, finding.points) == stake_of(finding.checklist, finding.item.code)
    assert AnswerRevision.objects.count() == Answer.objects.filter(version=1).count()
    assert recompute(is_dry_run=True) == []


def test_the_same_seed_gives_the_same_country_and_another_one_another(simulate):
    found = []
    for seed in (1, 1, 2):
        with transaction.atomic():
            simulate(polres=1, polsek=1, periods=1, seed=seed)
            found.append(digest())
            transaction.set_rollback(True)
    assert found[0] == found[1] != found[2]


def test_it_refuses_where_it_has_no_place(simulate, settings):
    make_unit(kind=UnitKind.POLRES)
    with pytest.raises(CommandError, match="data sungguhan"):
        simulate()
    settings.IS_DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        simulate()
    assert Unit.objects.count() == 1
