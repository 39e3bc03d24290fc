"""`manage.py recompute_scores`: everything stored, computed anew from the answers."""

import pytest
from django.core.management import call_command
from django.db.models import F

from supervisi.models import Answer, ChecklistScore, ChecklistStatus, UnitScore
from supervisi.services.recompute import recompute
from tests.factories import make_unit
from tests.supervisi.districts import make_province, make_sheet, set_status
from tests.unguarded import unguarded
from wbbm.jobs import services as jobs
from wbbm.jobs.bulk import claim_many
from wbbm.jobs.models import Job
from wbbm.organisasi.models import Unit, UnitKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def province():
    made = make_province(2, 1)
    earlier = make_sheet(made, made.stations[0], level=1, period=made.before)
    set_status(earlier, ChecklistStatus.FINAL)
    set_status(made.sheets[0], ChecklistStatus.SUBMITTED)
    set_status(made.sheets[1], ChecklistStatus.DRAFT)
    set_status(made.sheets[2], ChecklistStatus.FINAL)
    jobs.drain()
    return made


def everything():
    """Return all stored results without the moments of their computing."""
    unlike = {"id", "computed_at"}
    return [
        [
            {name: value for name, value in row.items() if name not in unlike}
            for row in model.objects.order_by(*order).values()
        ]
        for model, order in ((ChecklistScore, ["checklist"]), (UnitScore, ["unit", "period", "layer"]))
    ]


def run(capsys, *options):
    call_command("recompute_scores", *options)
    return capsys.readouterr().out


def test_after_the_jobs_are_done_there_is_nothing_to_mend(province, capsys):
    assert run(capsys, "--dry-run") == "Tidak ada selisih.\n"
    assert run(capsys) == "Tidak ada selisih.\n"


def test_lost_results_come_back_from_the_answers_alone(province, capsys):
    before = everything()
    UnitScore.objects.all().delete()
    with unguarded():
        ChecklistScore.objects.all().delete()
    out = run(capsys)
    assert everything() == before
    assert "selisih ditemukan dan dihitung ulang." in out
    assert run(capsys, "--dry-run") == "Tidak ada selisih.\n"


def test_a_trial_run_lists_every_wrong_figure_and_writes_nothing(province, capsys):
    UnitScore.objects.filter(unit=province.polda, period=province.period).update(score_sum=7, units_due=0)
    Answer.objects.filter(checklist=province.sheets[0], item__code="P.1.1.i.a").update(value={"answer": "D"})
    wrong, wanted = everything(), list(Job.objects.order_by("pk").values("pk", "wanted", "done"))
    out = run(capsys, "--dry-run")
    assert everything() == wrong
    assert list(Job.objects.order_by("pk").values("pk", "wanted", "done")) == wanted
    lines = out.splitlines()
    assert any(line.startswith(f"Lembar {province.sheets[0].pk} ") and "nilai lengkap" in line for line in lines)
    assert any(line.startswith("Polda Uji, ") and "jumlah nilai tersimpan 7, dihitung" in line for line in lines)
    assert any("satuan yang wajib tersimpan 0, dihitung 3" in line for line in lines)
    # The changed answer shows at every level above its sheet.
    assert any(line.startswith("Polres 2, ") and "jumlah nilai" in line for line in lines)
    assert lines[-1] == f"{len(lines) - 1} selisih ditemukan, tidak ada yang disimpan."


def test_wrong_figures_are_put_right_at_every_level(province):
    before = everything()
    for row in UnitScore.objects.all():
        UnitScore.objects.filter(pk=row.pk).update(score_sum=row.pk, areas={}, verdicts={}, lowest=None, changes=[])
    ChecklistScore.objects.exclude(checklist__status=ChecklistStatus.FINAL).update(complete=1, predicates={})
    assert recompute(is_dry_run=False) != []
    assert everything() == before
    assert not Job.objects.open().filter(kind="rollup").exists()


def test_a_final_sheets_stored_score_is_reported_and_never_moved(province, capsys):
    with unguarded():
        ChecklistScore.objects.filter(checklist=province.sheets[2]).update(complete=5)
    out = run(capsys)
    assert f"Lembar {province.sheets[2].pk} " in out
    assert out.endswith("Nilai lembar final tidak diubah; periksa lembar itu.\n")
    assert ChecklistScore.objects.get(checklist=province.sheets[2]).complete == 5


def test_a_key_that_a_worker_holds_is_left_to_it(province):
    """Never two tasks on one key: what the worker has read may be newer."""
    key = province.key(province.stations[0])
    jobs.request("rollup", key)
    held = jobs.claim(Job.objects.get(key=key).pk)
    UnitScore.objects.filter(unit=province.stations[0], period=province.period).update(score_sum=7)
    recompute(is_dry_run=False)
    assert province.row(province.stations[0]).score_sum == 7
    held.complete()
    # Raised by the recomputation, the key is still open and runs again.
    jobs.drain()
    assert recompute(is_dry_run=True) == []


def test_what_moves_between_the_two_looks_is_not_lost(province, monkeypatch):
    """Its own job is done by the recomputation, so that nobody else would raise the units above."""
    key = province.key(province.stations[0])
    UnitScore.objects.filter(unit=province.stations[0], period=province.period).update(units_due=9)

    def claim_late(kind, keys):
        assert keys == [key]
        answer = Answer.objects.filter(checklist=province.sheets[0], item__code="P.1.1.i.a")
        answer.update(value={"answer": "D"}, version=F("version") + 1)
        jobs.request(kind, key)
        return claim_many(kind, keys)

    monkeypatch.setattr("supervisi.services.recompute.claim_many", claim_late)
    before = province.row(province.polda).score_sum
    recompute(is_dry_run=False)
    assert province.row(province.polda).score_sum != before
    assert recompute(is_dry_run=True) == []


def test_a_unit_that_was_moved_away_from_its_period_stands_alone(province):
    other = make_unit(kind=UnitKind.POLDA)
    Unit.objects.move(Unit.objects.get(pk=province.polres[1].pk), Unit.objects.get(pk=other.pk), pos="last-child")
    recompute(is_dry_run=False)
    assert recompute(is_dry_run=True) == []
    assert not UnitScore.objects.filter(unit=other).exists()
