"""Every address of the demo district that a GET may open, and the accounts that open them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from layanan.models import Declaration, GratuityReport, Innovation, PracticeSession, Report
from supervisi.models import (
    Answer,
    Checklist,
    Evidence,
    Finding,
    Instrument,
    InstrumentDraft,
    Letterhead,
    ListFile,
    Oddity,
    Period,
    Reply,
    SampleDraw,
    VerificationCode,
    Visit,
    WorkbookImport,
)
from tests.routes import Route, all_routes
from tests.test_access_matrix import Rule, address, rule_of
from wbbm.organisasi.models import AuditEvent, HeldPredicate, Holiday, ImportDraft, Posting, Unit, User

ACCOUNTS = (
    "admin", "kapolres", "wakapolres", "kabagren", "tim1", "bagren", "siwas", "kapolsek.senori", "kapolsek.grabagan",
    "kapolda", "auditor", "admin.polda", "operator.baru",
)  # fmt: skip
FEW = 4
DEMO = "DATA CONTOH, bukan keadaan sebenarnya"


def make_import_drafts() -> None:
    """Leave two uploads of the admin between preview and import: one without a fault, one with faults."""
    admin = User.objects.get(username="admin")
    good = {"username": "orang.contoh", "name": "Orang Contoh", "unit": "polsek-senori"}
    bad = {"username": "orang.lain", "name": "", "unit": "polsek-tidak-ada"}
    faults = {"name": "Isi nama.", "unit": "Kode satuan ini tidak ada."}
    for rows in ([[2, good, {}]], [[2, good, {}], [3, bad, faults]]):
        ImportDraft.objects.create(owner=admin, kind="people", file_name="daftar.csv", rows=rows)
    make_workbook_import()


def make_workbook_import() -> None:
    """Leave an upload of the operator with an item that differs, one that is missing and a row that fits nowhere."""
    operator = User.objects.get(username="bagren")
    WorkbookImport.objects.create(
        checklist=Checklist.objects.filter(instrument__code="lke-2021", layer="self").latest("period__first_day"),
        owner=operator, file_name="lke.xlsx", file_sha256="0" * 64, file_size=1, sheet_name="LKE ZI",
        items=[["A.I.1.i.a", 6, "Tidak", "SK belum ada"], ["A.I.1.i.b", 7, None, ""]],
        problems=[[9, "Butir setempat", "Baris ini tidak dapat dicocokkan dengan butir mana pun."]],
        missing=["A.I.1.ii.a"],
    )  # fmt: skip


def first_of_each(rows: Any, *facts: str) -> list[int]:
    """Return one row for each combination of the facts."""
    found: dict[tuple, int] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, fact) for fact in facts), row.pk)
    return list(found.values())


def things() -> dict[str, list]:
    """Return ids by what a rule is about: of every kind and state one."""
    sheets = Checklist.objects.all()
    postings = first_of_each(Posting.objects.all(), "role", "unit_id")[:14]
    people = list(User.objects.values_list("pk", flat=True)[:6])
    # One where a visit is under way, one that had another name.
    told = Unit.objects.filter(code__in=["polsek-senori", "polsek-tambakboyo"]).values_list("pk", flat=True)
    units = [*first_of_each(Unit.objects.all(), "kind"), *told]
    return {
        "": [1],
        "report": first_of_each(Report.objects.all(), "status"),
        "report-photo": [],
        "unit": units,
        "simba": first_of_each(PracticeSession.objects.order_by("starts_at"), "status", "unit_id"),
        "innovation": first_of_each(Innovation.objects.all(), "status", "figure_source"),
        "own-unit": first_of_each(Unit.objects.filter(kind__in=["polda", "polres"], depth__lte=2), "kind"),
        "visit": first_of_each(Visit.objects.all(), "status"),
        "sheet": first_of_each(sheets, "status", "layer", "instrument_id"),
        "lke": first_of_each(sheets.filter(instrument__code="lke-2021"), "status", "layer"),
        "sample": list(SampleDraw.objects.values_list("checklist", flat=True)),
        "disclosed": list(Checklist.objects.filter(status="disclosed").values_list("pk", flat=True)[:3]),
        "reply": first_of_each(Reply.objects.all(), "status", "round_id"),
        "finding": first_of_each(Finding.objects.all(), "status"),
        "oddity": first_of_each(Oddity.objects.all(), "kind", "status"),
        "gratuity": first_of_each(GratuityReport.objects.all(), "status"),
        "declaration": list(Declaration.objects.values_list("pk", flat=True)[:1]),
        "answer": list(
            Answer.objects.filter(checklist__status="draft").order_by("-version")[:1].values_list("pk", flat=True)
        ),
        "kept": first_of_each(Evidence.objects.order_by("-pk"), "is_own", "is_shared", "is_current"),
        "file": list(Evidence.objects.values_list("file", flat=True)[:4]),
        "posting": postings,
        "person": [people[0], *User.objects.filter(closed_at__isnull=False).values_list("pk", flat=True)[:1]],
        "upload": list(WorkbookImport.objects.values_list("pk", flat=True)),
        "list-file": list(ListFile.objects.values_list("pk", flat=True)),
        "draft": list(ImportDraft.objects.values_list("pk", flat=True)),
        "admin-unit": units,
        "admin-user": people,
        "admin-posting": postings,
        "admin-heldpredicate": list(HeldPredicate.objects.values_list("pk", flat=True)),
        "admin-holiday": list(Holiday.objects.values_list("pk", flat=True)[:1]),
        "admin-letterhead": list(Letterhead.objects.values_list("pk", flat=True)),
        "version": list(InstrumentDraft.objects.values_list("pk", flat=True)),
        "period": first_of_each(Period.objects.order_by("-pk"), "kind", "closed_at"),
        "next-period": [
            {"unit_pk": Unit.objects.get(code="polda-jawa-timur").pk, "kind": kind} for kind in ("quarter", "year")
        ],
        "admin-period": first_of_each(Period.objects.all(), "kind"),
        "admin-auditevent": list(
            AuditEvent.objects.filter(object_type__startswith="organisasi.").values_list("pk", flat=True)[:3]
        ),
        "admin-instrument": list(Instrument.objects.values_list("pk", flat=True)),
    }


def targets() -> Iterator[tuple[str, str]]:
    """Return every address that a GET may open, with its route."""
    known = things()
    for route in all_routes():
        rule = rule_of(route.name)
        if rule is None or rule.method != "GET":
            continue
        for thing in known[rule.about]:
            for variant in variants(route, rule, thing):
                yield route.name, address(route, variant, thing)


def some_of(everything: list[tuple[str, str]], turn: int, most: int = FEW) -> list[tuple[str, str]]:
    """Return at most so many addresses of each route, in each turn others."""
    routes: dict[str, list[tuple[str, str]]] = {}
    for target in everything:
        routes.setdefault(target[0], []).append(target)
    few = []
    for known in routes.values():
        first = turn * most % len(known)
        few += (known[first:] + known[:first])[:most]
    return few


def variants(route: Route, rule: Rule, thing: Any) -> list[Rule]:
    """Return the rule once for each area and a few items of the sheet; a code that the portal gave."""
    if "key" in route.arguments:
        areas = Checklist.objects.get(pk=thing).instrument.definition["areas"]
        return [Rule(extra={"key": str(area["key"])}) for area in areas]
    if route.name == "supervisi:verify":
        return [Rule(extra={"code": code.grouped}) for code in VerificationCode.objects.order_by("pk")[:1]]
    if route.name in ("layanan:simba-session", "layanan:innovation"):
        shown = PracticeSession.objects.all() if "simba" in route.name else Innovation.objects.public()
        return [Rule(extra={"pk": str(pk)}) for pk in first_of_each(shown, "status")]
    if route.name in {"layanan:manage-edit", "layanan:manage-history"}:
        return [Rule(extra={"word": word}) for word in ("loket", "skck", "baku-skck")]
    if route.name.startswith("layanan:"):
        return [rule]
    if "code" in route.arguments:
        items = Checklist.objects.get(pk=thing).answers.order_by("-version")[:3]
        return [Rule(extra={"code": answer.item.code}) for answer in items.select_related("item")]
    if route.name == "supervisi:unit-change":
        return [Rule(extra={"name": name}) for name in ("nama", "pindah", "gabung", "tutup")]
    if "word" in route.arguments:
        suffixes = ("csv", "xlsx") if "suffix" in route.arguments else ("",)
        return [Rule(extra={"word": word, "suffix": suffix}) for word in ("satuan", "orang") for suffix in suffixes]
    return [rule]
