"""New versions of instruments: uploaded as drafts, compared, judged by their effect, published for later periods."""

from __future__ import annotations

import datetime
import functools
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from supervisi.demo.versions import revised_polsek
from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_files import FOLDER, InstrumentFile
from supervisi.instrument_uploads import MAX_BYTES, read_text
from supervisi.models import (
    Checklist,
    EffectLine,
    Instrument,
    InstrumentDraft,
    InstrumentEffect,
    Item,
    Layer,
    Node,
    Outcome,
    Period,
    PeriodKind,
    UnitScore,
)
from supervisi.pages import instrument_effect
from supervisi.pages.comparison import comparable, read_comparison
from supervisi.pages.instrument_effect import read_effect
from supervisi.pages.plan_stations import read_below, read_stations
from supervisi.rollup_key import KIND
from supervisi.scoring.crosswalk import carry
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.rounding import to_units
from supervisi.services import instrument_effects
from supervisi.services.answers import save_operation
from supervisi.services.changes import compare_sheets
from supervisi.services.checklists import create_checklist
from supervisi.services.content import stored_answers
from supervisi.services.copying import copy_last_sheet
from supervisi.services.instrument_drafts import (
    CrosswalkMoved,
    UnfitCrosswalk,
    VersionExists,
    discard_draft,
    draft_instrument,
    keep_draft,
    save_crosswalk,
)
from supervisi.services.instrument_effects import EFFECT, request_effect
from supervisi.services.instrument_publishing import NotReady, proposed_day, publish_draft
from supervisi.services.instruments import crosswalk_between, load_instrument, store_instrument, versions_on
from supervisi.services.plans import Wish
from supervisi.services.recompute import recompute
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.districts import make_province, set_status
from tests.supervisi.sheets import LETTER, Counted, make_world, op
from tests.unguarded import unguarded
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User

DAY = datetime.timedelta(days=1)
# Of difference, crosswalk, effect, publishing: session, person, postings, draft; effect and lines; what hinders it.
QUERIES = [4, 4, 6, 9]
SHIPPED = (FOLDER / "polsek-2026.yaml").read_bytes()


def browser(user):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def send(client, content, name="polsek-2027.yaml"):
    return client.post(reverse("supervisi:instrument-upload"), {"file": SimpleUploadedFile(name, content)})


@pytest.fixture
def lke(db):
    """The instrument to which the stations' sheet points."""
    load_instrument("lke-2021")


def number(text):
    return Fraction(text.replace(chr(0x2212), "-").replace(",", "."))


def page(name, draft):
    return reverse(f"supervisi:instrument-{name}", args=[draft.pk])


@functools.cache
def revised():
    """The demo's new version: a few of every kind of change."""
    return revised_polsek()


def renewed(old="version: '2026.1'", new="version: '2027.1'"):
    """Return the file that ships as another version, with one more replacement."""
    text = SHIPPED.decode().replace("version: '2026.1'", "version: '2027.1'", 1)
    assert old in text or old == "version: '2026.1'"
    return text.replace(old, new, 1).encode()


def frame(draft):
    return InstrumentDraft.objects.with_frame().get(pk=draft.pk)


def computed(draft, by):
    request_effect(draft=draft, by=by)
    jobs.drain(kind=EFFECT)
    return InstrumentEffect.objects.get(draft=draft)


# --- the file: pure --------------------------------------------------------------------------------------------

BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b]\n"
# content → words of the one message.
UNREADABLE = (
    (b"a: 1\n" * (MAX_BYTES // 5 + 1), "terlalu besar; batasnya 1 MB"),
    (b"", "kosong"),
    (b"\xef\xbb\xbf  \n", "kosong"),
    ("code: polsek-2026".encode("utf-16"), "bukan teks UTF-8"),
    ("nama: Penguat\xe9".encode("latin-1"), "bukan teks UTF-8"),
    (b"PK\x03\x04\x00\x00", "NUL"),
    (BOMB, "baris 1 memakai jangkar atau alias"),
    (b"[" * 5000, "bersarang lebih dari 24 tingkat"),
    (b"- " * 40 + b"x", "bersarang lebih dari 24 tingkat"),
    (b"[" + b"1," * 70_000 + b"1]", "terlalu banyak bagian"),
    (b"code: [1, 2\nname: x", "YAML tidak terbaca pada baris"),
)


@pytest.mark.parametrize(("content", "words"), UNREADABLE, ids=[words for _, words in UNREADABLE])
def test_a_file_that_is_no_instrument_at_all_is_refused_before_it_is_built(content, words):
    with pytest.raises(InstrumentFaults) as refusal:
        read_text(content, "a.yaml")
    ((place, text),) = refusal.value.faults
    assert (refusal.value.name, place) == ("a.yaml", "berkas")
    assert words in text


# --- uploading -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lke")
def test_an_upload_is_a_draft_that_no_sheet_uses_and_no_unit_sees():
    world = make_world()
    admin = make_person(world.polres, Role.ADMIN)
    below = make_person(world.polsek, Role.ADMIN)
    client, content = browser(admin), revised()
    kept = send(client, content, r"C:\berkas\..\polsek baru.yaml")
    draft = InstrumentDraft.objects.get()
    assert kept["Location"] == draft.get_absolute_url()
    assert (draft.code, draft.version, draft.file_name, draft.base) == (
        "polsek-2026", "2027.1", "polsek baru.yaml", world.instrument,
    )  # fmt: skip
    assert draft.source.encode() == content == client.get(page("file", draft)).content
    assert {row.version for row in Instrument.objects.all()} == {"2021.1", "2026.1"}
    assert AuditEvent.objects.get(action="instrument.uploaded").changes["file"] == [None, draft.sha256]
    shown = client.get(draft.get_absolute_url()).content.decode()
    assert "Hilang <b>2</b>" in shown
    assert "<ins>diketahui anggota" in shown
    only = client.get(draft.get_absolute_url() + "?jenis=hilang").content.decode()
    assert only.count('class="zi-diff"') == 2
    # Nobody but the admin of the top unit: an admin below reads the versions and no more.
    assert "Unggah versi baru" not in (
        read := browser(below).get(reverse("supervisi:instrument-list")).content.decode()
    )
    assert "2026.1" in read and "2027.1" not in read
    assert send(browser(below), content).status_code == 403
    for person in (below, world.commander, world.leader, world.operator, world.auditor):
        for name in ("draft", "file", "crosswalk", "effect", "publish", "discard"):
            assert browser(person).get(page(name, draft)).status_code == 404
        if person != below:
            assert send(browser(person), content).status_code == 404
    with pytest.raises(NotAllowed):
        keep_draft(content=content, name="a.yaml", by=below)


@pytest.mark.usefixtures("lke")
def test_each_wrong_file_gets_one_clear_answer_and_leaves_nothing_behind():
    load_instrument("polsek-2026")
    client = browser(make_person(make_unit(kind=UnitKind.POLDA), Role.ADMIN))
    cases = [
        (b"x" * (MAX_BYTES + 1), 413, "terlalu besar. Batasnya 1 MB"),
        (b"x" * (11 * 1024 * 1024), 413, "terlalu besar. Batasnya 1 MB"),
        (b"", 422, "Berkas kosong"),
        (BOMB, 422, "jangkar atau alias"),
        (b"- a\n- b\n", 422, "isinya bukan objek"),
        (b"code: x\ncode: y\n", 422, "ditulis dua kali"),
        (SHIPPED.replace(b"weight: '3.5'", b"weight: '3'", 1), 422, "</span>: bobot bagian 7,5, seharusnya 8"),
        (SHIPPED, 409, "Versi 2026.1 sudah ada"),
        (renewed("code: polsek-2026", "code: polsek-2099"), 422, "tidak ada di portal ini"),
        (renewed("period_kind: quarter", "period_kind: year"), 422, "harus tetap"),
        (renewed("- code: siap_wbbm", "- code: siap_lain"), 422, "predikat versi lama hilang"),
        (renewed("supports_instrument: lke-2021", "supports_instrument: lke-1999"), 422, "tidak ada"),
        (renewed("supports_instrument: lke-2021", "supports_instrument: [lke-2021]"), 422, "tidak ada"),
        (renewed("terms:", "? [a, b]\n: 1\nterms:"), 422, "sebuah kunci berupa daftar"),
        (renewed("terms:", "lain: !!python/name:os.system x\nterms:"), 422, "penanda dengan tanda seru"),
        (renewed() + b"\n---\nlain: 1\n", 422, "lebih dari satu dokumen"),
        (renewed("terms:", "lain: 2027-01-01\nterms:"), 422, "tulis dalam tanda kutip"),
        (renewed("terms:", "lain: .inf\nterms:"), 422, "bukan teks"),
        (renewed("terms:", f"lain: {10**30}\nterms:"), 422, "bilangan terlalu besar"),
        (renewed() + b"\nlain: 2027-13-45\n", 422, "isian yang tidak terbaca"),
        (renewed() + b'\nlain: "\\0"\n', 422, "tidak dapat disimpan"),
        (renewed("label: Lembar internal", f"label: {'x' * 201}"), 422, "label terlalu panjang"),
    ]
    for content, status, words in cases:
        answer = send(client, content)
        said = answer.content.decode()
        assert (answer.status_code, words in said) == (status, True), (words, answer.status_code)
    assert client.post(reverse("supervisi:instrument-upload")).status_code == 422
    assert not InstrumentDraft.objects.exists()
    assert Instrument.objects.count() == 2
    assert not AuditEvent.objects.filter(action__startswith="instrument.").exists()
    assert send(client, renewed()).status_code == 302
    again = send(client, renewed())
    assert (again.status_code, "sudah ada sebagai rancangan" in again.content.decode()) == (409, True)


# --- the crosswalk ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lke")
def test_a_person_corrects_the_proposed_pairs_and_sees_what_is_wrong_with_them():
    load_instrument("polsek-2026")
    top = make_unit(kind=UnitKind.POLDA)
    admin, other = make_person(top, Role.ADMIN), make_person(top, Role.ADMIN)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    client, address = browser(admin), page("crosswalk", draft)
    shown = client.get(address).content.decode()
    assert "usulan: kalimatnya mirip" in shown and "usulan: tidak ada padanannya" in shown
    fields = {f"padanan-{old}": new or "" for old, new in draft.pairs.items()} | {"versi": "1"}
    twice = client.post(address, fields | {"padanan-P.3.1.i.c": "P.1.1.i.a", "padanan-P.1.1.i.b": "P.9"})
    said = twice.content.decode()
    assert twice.status_code == 422
    assert "sudah dipasangkan dengan" in said and "&#x27;P.9&#x27; tidak ada pada versi baru" in said
    assert 'value="P.9"' in said
    assert frame(draft).crosswalk_version == 1
    assert client.post(address, fields | {"padanan-P.3.1.i.c": "P.3.1.i.d"}).status_code == 302
    kept = frame(draft)
    assert (kept.pairs["P.3.1.i.c"], kept.crosswalk_version) == ("P.3.1.i.d", 2)
    assert [line for line in kept.crosswalk if line[2] == "person"] == [["P.3.1.i.c", "P.3.1.i.d", "person", 0]]
    assert AuditEvent.objects.get(action="instrument.crosswalk").changes == {
        "pairs": [None, [["P.3.1.i.c", None, "P.3.1.i.d"]]]
    }
    # Somebody with an older page doesn't undo it, and keeps what he typed.
    late = browser(other).post(address, fields | {"padanan-P.2.3.ii.a": ""})
    assert (late.status_code, "baru saja disimpan orang lain" in late.content.decode()) == (409, True)
    assert frame(draft).pairs == kept.pairs
    with pytest.raises(UnfitCrosswalk):
        save_crosswalk(draft=kept, pairs={}, seen=2, by=admin)
    with pytest.raises(CrosswalkMoved):
        save_crosswalk(draft=kept, pairs=kept.pairs, seen=1, by=admin)


# --- the effect ------------------------------------------------------------------------------------------------


def judged_province(*sizes):
    province = make_province(*sizes)
    for sheet in province.sheets:
        set_status(sheet, "submitted")
    jobs.drain()
    return province, make_person(province.polda, Role.ADMIN)


@pytest.mark.usefixtures("lke")
def test_the_effect_is_what_the_engine_says_of_every_counting_sheet():
    province, admin = judged_province(3)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    effect = computed(draft, admin)
    assert (effect.status, effect.done, effect.total, len(effect.basis)) == ("ready", 3, 3, 64)
    old, new = engine_instrument(province.instrument), draft_instrument(draft)
    for sheet in province.sheets:
        line = EffectLine.objects.get(unit=sheet.unit)
        answers = stored_answers(sheet)
        after = score_sheet(new, carry(old, new, draft.pairs, answers))
        assert line.before == to_units(score_sheet(old, answers).complete["total"])
        assert (line.complete, line.provisional) == (
            to_units(after.complete["total"]), to_units(after.provisional["total"]),
        )  # fmt: skip
        assert line.unanswered == len(after.unanswered) > 0
        worst = [result.passed for result in judge(new, after)]
        assert [verdict[3] for verdict in line.verdicts] == worst
        assert all(possibly or not surely for _, _, _, surely, possibly in line.verdicts)
    # The part that renews itself while the worker is busy is no page of its own.
    part = browser(admin).get(page("effect", draft), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "data-wbbm-renew-done" in part
    # No sheet and no stored score moved; the same again is the same, to the hash.
    assert computed(draft, admin).basis == effect.basis
    # A changed pair makes it old, on the page as well; and another basis when it is computed again.
    save_crosswalk(draft=draft, pairs=draft.pairs | {"P.1.1.i.a": None}, seen=1, by=admin)
    shown = browser(admin).get(page("effect", draft)).content.decode()
    assert "Padanan berubah sejak" in shown
    renewed_effect = computed(frame(draft), admin)
    assert renewed_effect.basis != effect.basis
    assert "Padanan berubah sejak" not in browser(admin).get(page("effect", draft)).content.decode()


@pytest.mark.usefixtures("lke")
def test_plans_of_a_period_go_by_the_version_of_its_sheets():
    province, admin = judged_province(2)
    commander = User.objects.get(pk=province.commander.pk)

    def planned():
        wish = Wish("siap_wbbm", Fraction())
        return read_stations(read_below(commander, province.polres[0].pk), wish, "0", province.period.pk)

    before = planned()
    assert len(before.lines) == 2
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    file = InstrumentFile(draft_instrument(draft), draft.definition, draft.sha256)
    newer, _ = store_instrument(file)
    assert Instrument.objects.current().get(code="polsek-2026") == newer
    assert planned().lines == before.lines
    assert planned().instrument.version == "2026.1"


@pytest.mark.parametrize(
    ("before", "surely", "possibly", "outcome"),
    [
        (True, False, False, Outcome.LOSES),
        (True, False, True, Outcome.UNSURE),
        (True, True, True, Outcome.SAME),
        (False, True, True, Outcome.GAINS),
        (False, False, True, Outcome.UNSURE),
        (False, False, False, Outcome.SAME),
        (None, False, True, Outcome.SAME),
    ],
)
def test_the_two_bounds_decide_what_becomes_of_a_predicate(before, surely, possibly, outcome):
    assert instrument_effects.Verdict("siap", "Siap", before, surely, possibly).outcome == outcome


@pytest.mark.usefixtures("lke")
def test_the_pages_take_as_many_queries_for_many_units_and_hide_where_the_admin_is_judged_himself(monkeypatch):
    monkeypatch.setattr(instrument_effect, "PER_PAGE", 4)
    province, admin = judged_province(2)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    computed(draft, admin)
    client = browser(admin)
    names = ("draft", "crosswalk", "effect", "publish")

    def queries():
        found = []
        for name in names:
            client.get(page(name, draft))
            with Counted() as counted:
                assert client.get(page(name, draft)).status_code == 200
            found.append(len(counted.statements))
        return found

    few = queries()
    assert few == QUERIES
    line = EffectLine.objects.first()
    for number in range(6):
        unit = make_unit(province.polres[0], name=f"Polsek {number}")
        EffectLine.objects.create(
            effect=line.effect, unit=unit, checklist=line.checklist, layer=line.layer, outcome=Outcome.SAME,
            before=0, provisional=0, complete=0, unanswered=0, verdicts=line.verdicts,
        )  # fmt: skip
    assert queries() == few
    shown = client.get(page("effect", draft)).content.decode()
    assert "Berikutnya" in shown and shown.count('data-label="Akibat"') == 4
    both = User.objects.get(pk=admin.pk)
    assert read_effect(frame(draft), both, "tetap", 2).number == 2
    make_posting(admin, line.unit, Role.OPERATOR)
    assert line.unit.name not in {each.name for each in read_effect(frame(draft), User.objects.get(pk=admin.pk)).lines}


@pytest.mark.usefixtures("lke")
def test_what_fails_is_told_after_three_tries_and_what_is_asked_again_is_computed_again(monkeypatch):
    _, admin = judged_province(1)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    monkeypatch.setattr(instrument_effects.Computation, "run", lambda self, report: 1 / 0)
    request_effect(draft=draft, by=admin)
    job = Job.objects.get(kind=EFFECT)
    for _ in range(4):
        Job.objects.filter(pk=job.pk).update(available_at=job.available_at)
        jobs.run(job.pk)
    assert "Penghitungan gagal 3 kali" in browser(admin).get(page("effect", draft)).content.decode()
    monkeypatch.undo()
    assert computed(draft, admin).status == "ready"

    # Asked for anew while it is at work: what was computed on the old is not kept.
    def overtaken(self, report):
        InstrumentEffect.objects.update(status="requested")
        report(0, 1)

    monkeypatch.setattr(instrument_effects.Computation, "run", overtaken)
    computed_at = InstrumentEffect.objects.get().computed_at
    request_effect(draft=draft, by=admin)
    jobs.run(job.pk)
    effect = InstrumentEffect.objects.get()
    assert (effect.status, effect.computed_at) == ("requested", computed_at)


# --- publishing ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lke")
def test_a_published_version_holds_for_later_periods_and_old_sheets_stay_on_theirs():
    world = make_world()
    admin = make_person(world.polres, Role.ADMIN)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    later = Period.objects.create(
        unit=world.polres, name="Triwulan depan", kind=PeriodKind.QUARTER,
        first_day=world.period.last_day + DAY, last_day=world.period.last_day + 90 * DAY,
    )  # fmt: skip
    client = browser(admin)
    assert "Hitung dampaknya dulu" in client.get(page("publish", draft)).content.decode()
    with pytest.raises(NotReady):
        publish_draft(draft=draft, starts_on=later.first_day, by=admin)
    save_crosswalk(draft=draft, pairs=draft.pairs | {"P.3.1.i.c": "P.3.1.i.d"}, seen=1, by=admin)
    computed(draft, admin)
    assert proposed_day(draft) == later.first_day
    fields = {"starts_on": str(later.first_day), "is_seen": "on"}
    for changes, status, words in (
        ({"is_seen": ""}, 422, "Centang"),
        ({"starts_on": "besok"}, 422, "Isi tanggal"),
        ({"starts_on": str(datetime.date.today() - 2 * DAY)}, 422, "setelah hari ini"),
    ):
        answer = client.post(page("publish", draft), fields | changes)
        assert (answer.status_code, words in answer.content.decode()) == (status, True)
    # A period has one version: from a day on at which old sheets begin it can't hold.
    with transaction.atomic():
        create_checklist(
            unit=world.polsek, period=later, instrument=world.instrument, layer=Layer.SELF, by=world.operator
        )
        answer = client.post(page("publish", draft), fields)
        assert (answer.status_code, "Triwulan depan sudah mempunyai lembar" in answer.content.decode()) == (422, True)
        transaction.set_rollback(True)
    # Who looks at an older crosswalk than the stored one publishes nothing, and nothing of it stays.
    old = frame(draft)
    with transaction.atomic():
        save_crosswalk(draft=frame(draft), pairs=old.pairs | {"P.3.1.i.c": None}, seen=2, by=admin)
        with pytest.raises(InvalidTransition, match="padanannya baru diubah"):
            publish_draft(draft=old, starts_on=later.first_day, by=admin)
        assert not Instrument.objects.filter(version="2027.1").exists()
        with pytest.raises(NotReady, match="Padanan berubah"):
            publish_draft(draft=frame(draft), starts_on=later.first_day, by=admin)
        transaction.set_rollback(True)
    assert not draft_is_published(draft)
    assert client.post(page("publish", draft), fields).status_code == 302
    kept = frame(draft)
    made = kept.instrument
    assert (made.version, made.starts_on, made.items.count(), made.sha256) == (
        "2027.1", later.first_day, 59, draft.sha256,
    )  # fmt: skip
    event = AuditEvent.objects.get(action="instrument.published")
    assert event.changes["starts_on"] == [None, str(later.first_day)]
    # The running period goes on with the old version; the next one begins with the new.
    assert Instrument.objects.current().get(code="polsek-2026") == world.instrument
    assert versions_on(Instrument.objects.all(), later.first_day)[1] == made
    assert Checklist.objects.get(pk=world.checklist.pk).instrument == world.instrument
    save_operation(checklist=world.reload(), operation=op(answer="A"), by=world.leader)
    facts = {"unit": world.polsek, "layer": Layer.SELF, "by": world.operator}
    with pytest.raises(DomainError, match="versi lain"):
        create_checklist(period=world.period, instrument=made, **facts)
    with pytest.raises(DomainError, match="versi lain"):
        create_checklist(period=later, instrument=world.instrument, **facts)
    assert create_checklist(period=later, instrument=made, **facts).answers.count() == 59
    # Nothing takes it back or changes it.
    assert client.post(page("publish", draft), fields).status_code == 302
    with pytest.raises(InvalidTransition):
        discard_draft(draft=kept, by=admin)
    with pytest.raises(InvalidTransition):
        request_effect(draft=kept, by=admin)
    with pytest.raises(InvalidTransition):
        save_crosswalk(draft=kept, pairs=kept.pairs, seen=kept.crosswalk_version, by=admin)
    with pytest.raises(DomainError):
        publish_draft(draft=kept, starts_on=later.first_day, by=admin)
    with pytest.raises(VersionExists):
        keep_draft(content=revised(), name="a.yaml", by=admin)
    guarded(world, made, kept)


def draft_is_published(draft):
    return not InstrumentDraft.objects.unpublished().filter(pk=draft.pk).exists()


def guarded(world, made, draft):
    """The database refuses every change of a version, and takes it once the guards are gone (the twin)."""
    item, node = made.items.first(), made.nodes.first()
    for statement, values in (
        ("UPDATE supervisi_instrument SET definition = '{}' WHERE id = %s", [made.pk]),
        ("UPDATE supervisi_instrument SET starts_on = NULL WHERE id = %s", [made.pk]),
        ("DELETE FROM supervisi_instrument WHERE id = %s", [made.pk]),
        ("UPDATE supervisi_node SET weight = 1 WHERE id = %s", [node.pk]),
        ("DELETE FROM supervisi_node WHERE id = %s", [node.pk]),
        ("UPDATE supervisi_item SET question = 'x' WHERE id = %s", [item.pk]),
        ("DELETE FROM supervisi_item WHERE id = %s", [item.pk]),
        ("UPDATE supervisi_instrumentdraft SET crosswalk = '[]' WHERE id = %s", [draft.pk]),
        ("DELETE FROM supervisi_instrumentdraft WHERE id = %s", [draft.pk]),
    ):
        with (
            pytest.raises(IntegrityError, match="Versi instrumen"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values)
    for model in (Item, Node):
        row = model.objects.filter(instrument=world.instrument).first()
        row.pk, row.code = None, "baru"
        with pytest.raises(IntegrityError, match="Versi instrumen"), transaction.atomic():
            row.save()
    with unguarded(), transaction.atomic():
        assert Instrument.objects.filter(pk=made.pk).update(starts_on=None) == 1
        assert Item.objects.filter(pk=item.pk).update(question="x") == 1
        assert Node.objects.filter(pk=node.pk).update(weight=1) == 1
        assert InstrumentDraft.objects.filter(pk=draft.pk).update(crosswalk=[]) == 1
        transaction.set_rollback(True)


@pytest.mark.usefixtures("lke")
def test_copies_and_what_rose_or_fell_follow_the_published_crosswalk():
    world = make_world()
    admin = make_person(world.polres, Role.ADMIN)
    draft = keep_draft(content=revised(), name="a.yaml", by=admin)
    save_crosswalk(draft=draft, pairs=draft.pairs | {"P.3.1.i.c": "P.3.1.i.d"}, seen=1, by=admin)
    computed(draft, admin)
    later = Period.objects.create(
        unit=world.polres, name="Triwulan depan", kind=PeriodKind.QUARTER,
        first_day=world.period.last_day + DAY, last_day=world.period.last_day + 90 * DAY,
    )  # fmt: skip
    facts = {"unit": world.polsek, "layer": Layer.SELF, "by": world.operator}
    old = create_checklist(period=world.period, instrument=world.instrument, **facts)
    old = Checklist.objects.with_frame().get(pk=old.pk)
    answers = {LETTER: "A", "P.2.3.ii.a": "Ya", "P.3.1.i.c": "Tidak", "P.1.3.i.c": "B", "P.1.2.ii.a": "C"}
    for code, answer in answers.items():
        save_operation(checklist=old, operation=op(code, answer), by=world.operator)
    Checklist.objects.filter(pk=old.pk).update(status="submitted")
    made = publish_draft(draft=draft, starts_on=later.first_day, by=admin)
    pairs = crosswalk_between(world.instrument, made)
    assert (pairs["P.2.3.ii.a"], pairs["P.1.2.ii.a"], pairs["P.3.1.i.c"]) == ("P.2.3.i.c", None, "P.3.1.i.d")
    new = Checklist.objects.with_frame().get(pk=create_checklist(period=later, instrument=made, **facts).pk)
    copied = copy_last_sheet(checklist=new, by=User.objects.get(pk=world.operator.pk))
    values = dict(new.answers.filter(version=1).values_list("item__code", "value__answer"))
    # What moved came along under its new code; what is gone, or asks with other letters, didn't.
    assert (copied.count, values) == (3, {LETTER: "A", "P.2.3.i.c": "Ya", "P.3.1.i.d": "Tidak"})
    new.answers.filter(item__code__in=values).update(needs_review=False)
    row = new.answers.get(item__code="P.3.1.i.d")
    new.answers.filter(pk=row.pk).update(value=row.value | {"answer": "Ya"})
    assert [(each["item"], each["after"] - each["before"]) for each in compare_sheets(old, new)] == [
        ("P.3.1.i.d", to_units(Fraction(1)))
    ]
    # Set side by side, from either side: each item under both codes, and the points add up.
    sheets = [Checklist.objects.with_frame().get(pk=sheet.pk) for sheet in (old, new)]
    Checklist.objects.filter(pk=new.pk).update(status="submitted")
    viewer = User.objects.get(pk=world.commander.pk)
    assert list(comparable(viewer, sheets[1])) == [old]
    shown = read_comparison(sheets[1], sheets[0], viewer)
    codes = {line.item.code: (line.first.code, line.second.code) for line in shown.items}
    assert codes["P.2.3.i.c"] == ("P.2.3.ii.a", "P.2.3.i.c")
    assert codes["P.1.2.ii.a"] == ("P.1.2.ii.a", "")
    told = sum((number(line.points) for line in shown.items), number(shown.rest or "0"))
    assert abs(told - number(shown.moved)) < Fraction(len(shown.items) + 2, 199)
    back = read_comparison(sheets[0], sheets[1], viewer)
    assert (back.moved, back.items) == (shown.moved, shown.items)
    other = make_unit(world.polres)
    Checklist.objects.filter(pk=old.pk).update(unit=other)
    away = Checklist.objects.with_frame().get(pk=old.pk)
    turned = read_comparison(sheets[1], away, viewer)
    assert {line.item.code: line.first.code for line in turned.items}["P.2.3.ii.a"] == "P.2.3.i.c"
    said = browser(viewer).get(reverse("supervisi:comparison", args=[new.pk]) + f"?dengan={old.pk}").content.decode()
    assert "dua versi" in said and "tidak ditanyakan pada versi ini" in said
    Checklist.objects.filter(pk=old.pk).update(unit=world.polsek)
    # Sheet by sheet and in bulk alike.
    set_status(old, "submitted")
    set_status(new, "submitted")
    jobs.drain(kind=KIND)
    (told,) = UnitScore.objects.get(unit=world.polsek, period=later, layer=Layer.SELF).changes
    assert told["item"] == "P.3.1.i.d"
    assert recompute(is_dry_run=True) == []


@pytest.mark.usefixtures("lke")
def test_a_draft_is_discarded_with_its_file_and_the_command_compares_without_writing(tmp_path, capsys):
    load_instrument("polsek-2026")
    admin = make_person(make_unit(kind=UnitKind.POLDA), Role.ADMIN)
    file = tmp_path / "baru.yaml"
    file.write_bytes(revised())
    call_command("import_instrument", str(file))
    call_command("import_instrument", str(file), by=admin.username, dry_run=True)
    said = capsys.readouterr().out
    assert "polsek-2026: 2026.1 (59 butir) -> 2027.1 (59 butir)" in said
    assert "P.2.3.ii.a -> P.2.3.i.c (usulan)" in said
    assert not InstrumentDraft.objects.exists()
    call_command("import_instrument", str(file), by=admin.username)
    draft = InstrumentDraft.objects.get()
    for bad, words in ((tmp_path / "tiada.yaml", "tidak dapat dibaca"), (file, "sudah ada sebagai rancangan")):
        with pytest.raises(CommandError, match=words):
            call_command("import_instrument", str(bad), by=admin.username)
    client = browser(admin)
    assert "Buang rancangan ini" in client.get(page("discard", draft)).content.decode()
    assert client.post(page("discard", draft)).status_code == 302
    assert not InstrumentDraft.objects.exists()
    event = AuditEvent.objects.get(action="instrument.discarded")
    assert event.changes == {"file": [draft.sha256, None]}
    assert client.get(draft.get_absolute_url()).status_code == 404
    with pytest.raises(InvalidTransition):
        discard_draft(draft=draft, by=admin)
