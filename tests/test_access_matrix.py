"""Who reaches what: role × own, foreign or missing object × method, over every route of the resolver.

A route without a rule here fails. A rule says what the route's object is, who gets past the door, and who sees the
object but lacks the right (403). Everybody else gets 404, the same for a foreign object as for a missing one.
Adding a route means adding one line to RULES.
"""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils import timezone

from layanan import report_tokens
from layanan.models import Declaration, GratuityReport, Pledge, ReportFile, SurveyContact, Tariff, TokenBatch
from layanan.services.report_routing import find_route
from layanan.services.reports import Story, send_report
from supervisi.models import (
    Answer,
    AnswerEvidence,
    Checklist,
    Document,
    Evidence,
    Finding,
    InstrumentDraft,
    Layer,
    Letterhead,
    ListFile,
    Oddity,
    Reply,
    ReplyRound,
    SampleDraw,
    Visit,
    WorkbookImport,
)
from supervisi.models.list_files import posting_mark
from supervisi.services.instruments import load_instrument
from tests.clients import Sessions
from tests.factories import make_person, make_posting, make_unit, make_user
from tests.layanan.makers import make_innovation, make_registration, make_session
from tests.routes import all_routes, beyond_looks
from tests.supervisi.sheets import Counted, World, make_world
from tests.supervisi.sheets import body as operation
from wbbm.files.models import StoredFile
from wbbm.notices.models import Notice
from wbbm.organisasi.access import Scope
from wbbm.organisasi.models import (
    AuditEvent,
    HeldPredicate,
    Holiday,
    ImportDraft,
    ImportKind,
    Role,
    Unit,
    UnitKind,
    User,
)

pytestmark = pytest.mark.django_db

ROLES = ("admin", "supervisor", "member", "commander", "kapolsek", "operator", "auditor", "integrity", "nobody")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
EVERYBODY = frozenset(ROLES)
# "supervisor" is of the Polres but not of the visit's team, "member" is of the team, "kapolsek" stands at the very
# station (commander and operator), "operator" at the Polres.
READERS = frozenset({"supervisor", "member", "commander", "auditor"})
UNIT_READERS = READERS | {"kapolsek"}
SUPERVISORS = frozenset({"supervisor", "member"})
ADMINS = frozenset({"admin"})
# Operator or commander of some unit.
KEEPERS = frozenset({"commander", "kapolsek", "operator"})
# Who sees the station at all: everybody but the Polres's operator and whoever has no posting.
IN_SIGHT = UNIT_READERS | {"admin", "integrity"}
NOBODY: frozenset[str] = frozenset()
MISSING = 987654321
# What a view answers to somebody whom it let in: the input may still be wrong, or the state.
LET_IN = {200, 302, 400, 409, 413, 415, 422}
SHUT = {403, 404, 405}


@dataclass(frozen=True)
class Rule:
    """What a route is about, who gets in, and who is told that the right is missing."""

    about: str = ""
    readers: frozenset[str] = NOBODY
    method: str = "GET"
    is_public: bool = False
    refused: frozenset[str] = NOBODY
    extra: dict[str, str] = field(default_factory=dict, hash=False)
    query: str = ""
    # Answered even by methods that the route doesn't take (Django's admin reads every method but POST as GET).
    is_django: bool = False
    # What a POST sends: a form's fields, or a JSON document.
    sends: Callable[[Stage], dict[str, Any] | str] | None = None


def page(readers: frozenset[str] = EVERYBODY, about: str = "", **changes: Any) -> Rule:
    """A page that is read by GET."""
    return Rule(about, readers, **changes)


def post(readers: frozenset[str], about: str = "", refused: frozenset[str] = NOBODY, **changes: Any) -> Rule:
    """A step that is taken by POST only."""
    return Rule(about, readers, "POST", refused=refused, **changes)


PUBLIC = Rule(is_public=True)
SURVEYED = Rule(is_public=True, extra={"unit_code": "polres-tuban", "service": "skck", "bundle": "zi"})
SHEET = "sheet"
WORD = {"word": "orang", "suffix": "csv"}

RULES: dict[str, Rule] = {
    "healthz": PUBLIC,
    "home": PUBLIC,
    "layanan:tariffs": PUBLIC,
    "layanan:manage": page(EVERYBODY - {"integrity", "nobody"}),
    "layanan:manage-gaps": page(READERS | {"kapolsek"}),
    "layanan:manage-unit": page(READERS | {"kapolsek", "admin", "integrity"}, "unit"),
    "layanan:manage-tariffs": page(READERS | {"kapolsek", "admin", "integrity"}, "unit"),
    "layanan:manage-tariff-end": post(
        ADMINS, "tariff", EVERYBODY - ADMINS - {"kapolsek", "nobody"}, sends=lambda stage: {"last_day": "2030-01-01"}
    ),
    "layanan:manage-edit": page(
        frozenset({"kapolsek"}), "unit", refused=READERS | {"admin", "integrity"}, extra={"word": "loket"}
    ),
    "layanan:manage-history": page(READERS | {"kapolsek", "admin", "integrity"}, "unit", extra={"word": "loket"}),
    "layanan:manage-restore": post(
        frozenset({"kapolsek"}),
        "unit",
        READERS | {"admin", "integrity"},
        extra={"word": "loket"},
        sends=lambda stage: {"version": "1"},
    ),
    "layanan:unit": Rule(is_public=True, extra={"code": "polres-tuban"}),
    "layanan:unit-notice": Rule(is_public=True, extra={"code": "polres-tuban"}),
    "layanan:service": Rule(is_public=True, extra={"code": "polres-tuban", "service": "sim-perpanjangan"}),
    "layanan:service-notice": Rule(is_public=True, extra={"code": "polres-tuban", "service": "sim-perpanjangan"}),
    "layanan:simba-list": PUBLIC,
    "layanan:simba-session": PUBLIC,
    "layanan:simba-find": PUBLIC,
    "layanan:simba-receipt": Rule(is_public=True, extra={"receipt": "tidak-ada"}),
    "layanan:simba-withdraw": Rule(is_public=True, method="POST", extra={"receipt": "tidak-ada"}),
    "layanan:simba-manage": page(KEEPERS),
    "layanan:simba-add": page(frozenset({"kapolsek", "operator"}), refused=frozenset({"commander"})),
    "layanan:simba-people": page(frozenset({"kapolsek"}), "simba"),
    "layanan:simba-change": page(frozenset({"kapolsek"}), "simba"),
    "layanan:simba-call-off": page(frozenset({"kapolsek"}), "simba"),
    "layanan:simba-door": post(frozenset({"kapolsek"}), "simba"),
    "layanan:simba-mark": post(frozenset({"kapolsek"}), "simba-person", sends=lambda stage: {"tanda": "cancel"}),
    "layanan:innovation-list": PUBLIC,
    "layanan:innovation": PUBLIC,
    "layanan:innovation-manage": page(KEEPERS),
    "layanan:innovation-add": page(frozenset({"kapolsek", "operator"}), refused=frozenset({"commander"})),
    "layanan:innovation-take-over": post(
        frozenset({"operator"}),
        refused=frozenset({"commander"}),
        extra={"slug": "simba"},
        sends=lambda stage: {"satuan": stage.world.polres.pk},
    ),
    "layanan:innovation-kept": page(frozenset({"kapolsek"}), "innovation"),
    "layanan:innovation-change": page(frozenset({"kapolsek"}), "innovation"),
    "layanan:innovation-move": post(frozenset({"kapolsek"}), "innovation", sends=lambda stage: {"status": "running"}),
    "layanan:innovation-figure": post(frozenset({"kapolsek"}), "innovation"),
    "layanan:innovation-file": post(frozenset({"kapolsek"}), "innovation"),
    "layanan:survey-code": PUBLIC,
    "layanan:survey-answer": Rule(is_public=True, extra={"code": "DEM0-0000-00A1"}),
    "layanan:survey-results": PUBLIC,
    "layanan:survey-unit": SURVEYED,
    "layanan:survey-choose": SURVEYED,
    "layanan:survey-open": SURVEYED,
    "layanan:survey-thanks": SURVEYED,
    "layanan:survey-list": page(READERS | {"kapolsek", "operator"}),
    "layanan:survey-unit-staff": page(UNIT_READERS, "unit"),
    "layanan:survey-desk": page(frozenset({"kapolsek"}), "unit", refused=READERS),
    "layanan:survey-slips": post(frozenset({"kapolsek"}), "unit", READERS, sends=lambda stage: stage.slips()),
    "layanan:survey-screen": post(frozenset({"kapolsek"}), "unit", READERS, sends=lambda stage: stage.slips()),
    "layanan:survey-served": post(frozenset({"kapolsek"}), "unit", READERS),
    "layanan:survey-contact-add": post(frozenset({"kapolsek"}), "unit", READERS),
    "layanan:survey-contacts": page(frozenset({"kapolsek"}), "unit", refused=READERS),
    "layanan:survey-contact-remove": post(frozenset({"kapolsek"}), "respondent", READERS),
    "layanan:survey-batch-stop": post(frozenset({"kapolsek"}), "slips", READERS),
    "sign-in": PUBLIC,
    "sign-in-code": PUBLIC,
    "step-up": page(),
    "second-factor": page(),
    "factor-setup": page(),
    "factor-codes": post(EVERYBODY),
    "factor-remove": post(EVERYBODY),
    "factor-reset-refuse": post(EVERYBODY),
    "factor-reset": page(ADMINS, "admin-user"),
    "factor-reset-confirm": post(ADMINS, "admin-user"),
    "factor-approve": post(ADMINS, "admin-user"),
    "factor-reset-withdraw": post(ADMINS, "admin-user"),
    "forgot-password": PUBLIC,
    "sign-out": PUBLIC,
    "session": PUBLIC,
    "access-link": PUBLIC,
    "account": page(),
    "change-password": page(),
    "own-password": page(),
    "sign-out-everywhere": post(EVERYBODY),
    "make-link": post(ADMINS, "person"),
    "import-upload": page(ADMINS, extra=WORD),
    "import-template": page(ADMINS, extra=WORD),
    "export-list": page(ADMINS, extra=WORD),
    "import-preview": page(ADMINS, "draft"),
    "import-faults": page(ADMINS, "draft"),
    "import-apply": post(ADMINS, "draft"),
    "import-drop": post(ADMINS, "draft"),
    "import-links": post(ADMINS, "draft"),
    "holiday-proposals": page(ADMINS),
    "holiday-confirm": post(ADMINS),
    "upkeep:whats-new": page(ADMINS),
    "upkeep:own-data": page(),
    "upkeep:person-data": page(ADMINS, "person"),
    "upkeep:person-erase": page(ADMINS, "person"),
    "audit-heads": page(frozenset({"auditor", "admin", "commander", "kapolsek"})),
    "supervisi:verify-form": PUBLIC,
    "supervisi:verify": Rule(is_public=True, extra={"code": "0000-0000-0000-0000-0000-0000-0000"}),
    "dashboard": page(),
    "notices:inbox": page(),
    "notices:read": post(frozenset({"commander"}), "notice"),
    "notices:read-all": post(EVERYBODY),
    "notices:preferences": page(),
    "notices:mail-test": post(ADMINS),
    "files:download": page(READERS, "file"),
    "files:thumbnail": page(READERS, "file"),
    "supervisi:unit-list": page(READERS | {"kapolsek", "operator"}),
    "supervisi:own-unit": page(frozenset({"commander", "kapolsek", "operator"})),
    "supervisi:unit-dashboard": page(UNIT_READERS, "unit"),
    "supervisi:sample": page(READERS, "sample"),
    "supervisi:reply-round": page(UNIT_READERS, "disclosed"),
    "supervisi:reply-round-step": post(
        SUPERVISORS | {"commander"},
        "disclosed",
        frozenset({"auditor", "kapolsek"}),
        extra={"name": "extend"},
        sends=lambda stage: {"days": "3", "text": "Bahan belum datang"},
    ),
    "supervisi:reply-detail": page(UNIT_READERS, "reply"),
    "supervisi:reply-step": post(
        frozenset({"kapolsek"}), "reply", READERS, extra={"name": "reply"}, sends=lambda stage: {"text": "Sudah ada."}
    ),
    "supervisi:layer-comparison": page(UNIT_READERS, "unit"),
    "supervisi:layer-gaps": page(READERS, "own-unit"),
    "supervisi:rollup-derivation": page(READERS, "own-unit"),
    "supervisi:trend": page(UNIT_READERS, "unit"),
    "supervisi:trend-below": page(READERS, "own-unit"),
    "supervisi:support": page(READERS, "own-unit"),
    "supervisi:unit-tasks": page(UNIT_READERS, "unit"),
    "supervisi:unit-history": page(UNIT_READERS, "unit"),
    "supervisi:unit-changes": page(ADMINS, "unit"),
    "supervisi:unit-change": page(ADMINS, "unit", extra={"name": "pindah"}),
    "supervisi:period-list": page(frozenset({"admin", "commander", "kapolsek"})),
    "supervisi:period-add": page(ADMINS, "next-period"),
    "supervisi:period-detail": page(frozenset({"admin", "commander"}), "period"),
    "supervisi:period-step": post(
        ADMINS, "period", frozenset({"commander"}), extra={"name": "close"}, sends=lambda stage: {"is_seen": ""}
    ),
    "supervisi:instrument-list": page(ADMINS),
    "supervisi:instrument-upload": post(ADMINS),
    "supervisi:instrument-draft": page(ADMINS, "version"),
    "supervisi:instrument-file": page(ADMINS, "version"),
    "supervisi:instrument-crosswalk": page(ADMINS, "version"),
    "supervisi:instrument-effect": page(ADMINS, "version"),
    "supervisi:instrument-publish": page(ADMINS, "version"),
    "supervisi:instrument-discard": page(ADMINS, "version"),
    "supervisi:todo": page(frozenset({"operator", "kapolsek"})),
    "supervisi:auditor": page(frozenset({"auditor"})),
    "supervisi:integrity": page(frozenset({"integrity"})),
    "supervisi:gaps": page(ADMINS),
    "upkeep:health": page(ADMINS),
    "upkeep:job-retry": post(ADMINS),
    "supervisi:handover": page(
        frozenset({"admin", "commander", "kapolsek"}), "posting", refused=frozenset({"auditor"})
    ),
    "supervisi:handover-visit": post(SUPERVISORS, "lead", refused=frozenset({"auditor", "commander"})),
    "supervisi:visit-list": page(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-calendar": page(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-day": page(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-next": page(READERS),
    "supervisi:visit-feed-settings": page(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-feed-make": post(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-feed-end": post(READERS | {"kapolsek", "operator"}),
    "supervisi:visit-feed": PUBLIC,
    "supervisi:visit-pick-unit": page(SUPERVISORS, refused=EVERYBODY - SUPERVISORS),
    "supervisi:visit-add": page(
        SUPERVISORS, "unit", refused=frozenset({"admin", "commander", "auditor", "kapolsek", "integrity"})
    ),
    "supervisi:visit-detail": page(UNIT_READERS, "visit"),
    "supervisi:visit-change": page(SUPERVISORS, "visit", refused=frozenset({"commander", "auditor", "kapolsek"})),
    "supervisi:visit-cancel": page(NOBODY, "visit", refused=UNIT_READERS),
    "supervisi:visit-start": post(NOBODY, "visit", UNIT_READERS),
    "supervisi:visit-finish": post(NOBODY, "visit", UNIT_READERS),
    "supervisi:visit-delete": post(NOBODY, "visit", UNIT_READERS),
    "supervisi:checklist-detail": page(READERS, SHEET),
    "supervisi:checklist-step": post(NOBODY, SHEET, READERS, extra={"step": "submit"}),
    "supervisi:checklist-copy": post(frozenset({"member"}), SHEET, READERS - {"member"}),
    "supervisi:checklist-return": page(frozenset({"supervisor"}), SHEET, refused=READERS - {"supervisor"}),
    "supervisi:checklist-ask-reopening": page(frozenset({"commander", "auditor"}), SHEET, refused=SUPERVISORS),
    "supervisi:self-sheet-add": post(
        frozenset({"operator"}), refused=READERS | {"admin", "integrity"}, sends=lambda stage: stage.self_sheet()
    ),
    "supervisi:tpi-sheets": page(
        frozenset({"auditor"}),
        "unit",
        refused=SUPERVISORS | frozenset({"admin", "commander", "kapolsek", "integrity"}),
    ),
    "supervisi:checklist-area": page(READERS, SHEET, extra={"key": "1"}),
    "supervisi:checklist-operations": post(
        frozenset({"member"}), SHEET, READERS - {"member"}, sends=lambda stage: json.dumps(operation())
    ),
    "supervisi:answer-history": page(READERS, SHEET, extra={"code": "P.1.1.i.a"}),
    "supervisi:checklist-blank": page(READERS, SHEET),
    "supervisi:suggestions": page(UNIT_READERS, "lke"),
    "supervisi:suggestion-decide": post(frozenset({"kapolsek"}), "lke", READERS, extra={"code": "A.I.6.ii.f"}),
    # The world's sheet is a draft: only its team may see its score, and so its plan.
    "supervisi:derivation": page(frozenset({"member"}), SHEET, refused=READERS - {"member"}),
    # A draft is compared with nothing.
    "supervisi:comparison": page(NOBODY, SHEET, refused=READERS),
    "supervisi:plan": page(frozenset({"member"}), SHEET, refused=READERS - {"member"}),
    # As the plan: the workbook's formulas tell the score.
    "supervisi:workbook": page(frozenset({"member"}), SHEET, refused=READERS - {"member"}),
    "supervisi:workbook-download": post(frozenset({"member"}), SHEET, READERS - {"member"}),
    "supervisi:workbook-fill": post(frozenset({"member"}), SHEET, READERS - {"member"}),
    # A visit's sheet is filled in on the visit.
    "supervisi:workbook-upload": post(NOBODY, SHEET, READERS),
    "supervisi:workbook-import": page(frozenset({"kapolsek"}), "upload"),
    "supervisi:workbook-accept": post(frozenset({"kapolsek"}), "upload"),
    "supervisi:plan-entries": post(frozenset({"member"}), SHEET, READERS - {"member"}),
    "supervisi:plan-stations": page(READERS, "own-unit"),
    "supervisi:plan-findings": post(frozenset({"member"}), SHEET, READERS - {"member"}),
    # One route for all lists: tests/supervisi/test_lists.py holds each against its page.
    "supervisi:list-file": page(READERS | {"kapolsek", "operator"}, extra={"name": "temuan", "suffix": "csv"}),
    "supervisi:list-download": page(frozenset({"commander"}), "list-file"),
    "supervisi:oddity-list": page(READERS | {"kapolsek"}),
    "supervisi:oddity-detail": page(READERS, "oddity"),
    "supervisi:oddity-step": post(
        SUPERVISORS | {"commander"}, "oddity", frozenset({"auditor"}), extra={"name": "periksa"}
    ),
    "supervisi:visit-documents": page(UNIT_READERS, "visit"),
    "supervisi:checklist-documents": page(READERS, SHEET),
    "supervisi:finding-add": page(frozenset({"member"}), SHEET, refused=READERS - {"member"}),
    "supervisi:finding-still-good": post(frozenset({"member"}), "retest", READERS - {"member"}),
    "supervisi:finding-add-visit": page(SUPERVISORS, "visit", refused=frozenset({"commander", "auditor", "kapolsek"})),
    "supervisi:finding-add-unit": page(
        SUPERVISORS, "unit", refused=frozenset({"admin", "commander", "auditor", "kapolsek", "integrity"})
    ),
    "supervisi:finding-board": page(frozenset({"commander", "kapolsek", "operator"})),
    "supervisi:finding-review": page(READERS | {"kapolsek"}),
    "supervisi:finding-list": page(READERS | {"kapolsek", "operator"}),
    "supervisi:finding-detail": page(UNIT_READERS, "finding"),
    "supervisi:finding-step": post(
        frozenset({"kapolsek"}), "finding", READERS, extra={"name": "answer"}, sends=lambda stage: {"text": "Sudah."}
    ),
    "supervisi:evidence-add": post(frozenset({"member"}), "answer", READERS - {"member"}),
    "supervisi:evidence-pick": page(frozenset({"member"}), "answer", refused=READERS - {"member"}),
    "supervisi:own-evidence": page(frozenset({"commander", "kapolsek", "operator"})),
    "supervisi:evidence-list": page(UNIT_READERS, "unit"),
    "supervisi:evidence-new": page(frozenset({"kapolsek"}), "unit", refused=READERS),
    "supervisi:evidence-detail": page(UNIT_READERS, "kept"),
    "supervisi:evidence-change": page(frozenset({"kapolsek"}), "kept", refused=READERS),
    "supervisi:evidence-revise": page(frozenset({"kapolsek"}), "kept", refused=READERS),
    "supervisi:evidence-detach": post(frozenset({"member"}), "link", READERS - {"member"}),
    "layanan:gratuity-list": page(EVERYBODY - {"nobody"}),
    "layanan:gratuity-add": page(EVERYBODY - {"nobody"}),
    "layanan:gratuity-register": page(frozenset({"integrity"})),
    "layanan:gratuity-detail": page(frozenset({"kapolsek", "integrity"}), "gratuity"),
    "layanan:gratuity-change": page(frozenset({"kapolsek"}), "gratuity", refused=frozenset({"integrity"})),
    "layanan:gratuity-step": post(
        frozenset({"integrity"}),
        "gratuity",
        frozenset({"kapolsek"}),
        extra={"name": "return"},
        sends=lambda stage: {"text": "Foto belum ada"},
    ),
    "layanan:report-start": PUBLIC,
    "layanan:report-write": PUBLIC,
    "layanan:report-send": PUBLIC,
    "layanan:report-open": PUBLIC,
    "layanan:report-add": PUBLIC,
    "layanan:report-list": page(frozenset({"integrity"})),
    "layanan:report-figures": post(frozenset({"integrity"})),
    "layanan:report-detail": page(frozenset({"integrity"}), "report"),
    "layanan:report-answer": post(frozenset({"integrity"}), "report"),
    "layanan:report-step": post(frozenset({"integrity"}), "report"),
    "layanan:report-photo": page(frozenset({"integrity"}), "report-photo"),
    "layanan:pledge-sign": page(EVERYBODY - {"nobody"}),
    "layanan:commitment-list": page(EVERYBODY - {"nobody"}),
    "layanan:commitment-unit": page(IN_SIGHT, "unit"),
    "layanan:pledge-paper": page(frozenset({"kapolsek"}), "unit", refused=IN_SIGHT - {"kapolsek"}),
    "layanan:pledge-remind": post(
        frozenset({"kapolsek", "commander", "integrity"}), "unit", IN_SIGHT - {"kapolsek", "commander", "integrity"}
    ),
    "layanan:pledge-withdraw": post(
        frozenset({"kapolsek"}),
        "pledge",
        frozenset({"admin", "commander", "auditor", "integrity"}),
        sends=lambda stage: {"text": "Salah orang"},
    ),
    "layanan:declaration-add": page(frozenset({"kapolsek"}), "unit", refused=IN_SIGHT - {"kapolsek"}),
    "layanan:declaration-change": page(frozenset({"kapolsek"}), "declaration", refused=IN_SIGHT - {"kapolsek"}),
    "layanan:violation-state": page(frozenset({"integrity"}), "unit", refused=IN_SIGHT - {"integrity"}),
}
# The same pages with an object in another state or layer: (route, object, who gets in, who is refused).
VARIANTS = (
    ("supervisi:checklist-detail", "self-sheet", UNIT_READERS, NOBODY),
    ("supervisi:checklist-area", "self-sheet", UNIT_READERS, NOBODY),
    ("supervisi:checklist-detail", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:checklist-documents", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:derivation", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:comparison", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:plan", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:workbook", "disclosed", UNIT_READERS, NOBODY),
    ("supervisi:workbook", "self-sheet", frozenset({"kapolsek"}), READERS),
    ("supervisi:workbook-upload", "self-sheet", frozenset({"kapolsek"}), READERS),
    ("files:download", "document", READERS, NOBODY),
    ("files:download", "told-document", UNIT_READERS, NOBODY),
    ("supervisi:finding-detail", "untold", READERS, NOBODY),
    # What a team brought is not the unit's before the sheet is disclosed; what is shared from above is read below.
    ("supervisi:evidence-detail", "brought", READERS, NOBODY),
    ("supervisi:evidence-change", "brought", frozenset({"member"}), READERS - {"member"}),
    ("supervisi:evidence-detail", "shared", UNIT_READERS | {"operator"}, NOBODY),
    ("supervisi:evidence-change", "shared", frozenset({"operator"}), UNIT_READERS),
    ("supervisi:evidence-list", "own-unit", READERS | {"operator"}, NOBODY),
    ("layanan:survey-unit-staff", "own-unit", READERS | {"operator"}, NOBODY),
    ("layanan:survey-desk", "own-unit", frozenset({"commander", "operator"}), READERS - {"commander"}),
    ("supervisi:unit-dashboard", "own-unit", READERS | {"operator"}, NOBODY),
    # A draft is its officer's alone.
    ("layanan:gratuity-detail", "gratuity-draft", frozenset({"kapolsek"}), NOBODY),
    ("layanan:gratuity-change", "gratuity-draft", frozenset({"kapolsek"}), NOBODY),
)
# What the admin's own routes are about; what may be added; no row is ever deleted there.
ADMIN_ADDS = {"unit", "user", "posting", "heldpredicate", "holiday", "period", "letterhead"}
ADMIN_READS = {"auditevent", "instrument"}
AUTOCOMPLETE = "?app_label=organisasi&model_name=posting&field_name=unit&term="


def rule_of(name: str) -> Rule | None:
    """Return the declared rule of a route; those of Django's admin follow from their model."""
    if name in RULES or not name.startswith("admin:"):
        return RULES.get(name)
    found = re.fullmatch(r"admin:[a-z]+_([a-z]+)_(changelist|add|change|history|delete)", name)
    others = EVERYBODY - ADMINS
    if found is None:
        known = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"}
        if name.removeprefix("admin:") not in known | {"app_list"}:
            return None
        query = AUTOCOMPLETE if name.endswith("autocomplete") else ""
        extra = {"app_label": "organisasi"}
        return page(ADMINS, refused=others, extra=extra, query=query, is_django=True)
    model, action = found.groups()
    if model not in ADMIN_ADDS | ADMIN_READS:
        return None
    is_shut = action == "delete" or (action == "add" and model in ADMIN_READS)
    about = f"admin-{model}" if action in {"change", "history", "delete"} else ""
    readers = NOBODY if is_shut else ADMINS
    return page(readers, about, refused=EVERYBODY - readers, is_django=True)


# --- the stage ----------------------------------------------------------------------------------------


@dataclass
class Stage:
    """People by role, and the arguments of own and foreign objects by what a rule is about."""

    world: World
    people: dict[str, User]
    own: dict[str, Any]
    foreign: dict[str, Any]
    sessions: Sessions = field(default_factory=Sessions)

    def self_sheet(self) -> dict[str, int]:
        """Return the form that begins the Polres's own sheet."""
        world = self.world
        return {"unit": world.polres.pk, "period": world.period.pk, "instrument": world.instrument.pk}

    def slips(self) -> dict[str, str]:
        """Return the form that makes a sheet of survey slips."""
        return {"layanan": "skck", "survei": "zi", "jumlah": "10", "nomor": str(uuid.uuid4())}


def objects(world: World, admin: User) -> dict[str, Any]:
    """Make one object of every kind at the world's station."""
    answer = world.answer()
    file = StoredFile.objects.create(
        kind="evidence", name="foto.jpg", content_type="image/jpeg", size=1, sha256="a", original_sha256="a",
        path="aa/foto.jpg", thumbnail_path="aa/kecil.jpg", created_by=world.leader,
    )  # fmt: skip
    facts = {"title": "Foto", "added_by": world.leader}
    evidence = Evidence.objects.create(unit=world.polsek, number=1, is_own=False, file=file, **facts)
    kept = Evidence.objects.create(unit=world.polsek, number=2, file=bare_file(world, "c"), **facts)
    shared = Evidence.objects.create(unit=world.polres, number=1, is_shared=True, file=bare_file(world, "d"), **facts)
    link = AnswerEvidence.objects.create(uuid=uuid.uuid4(), answer=answer, evidence=evidence, added_by=world.leader)
    person = make_person(world.polsek, Role.OPERATOR)
    rows = ["person", {"username": f"baru{world.polsek.pk}", "name": "Baru", "unit": world.polsek.code}, {}]
    draft = ImportDraft.objects.create(owner=admin, kind=ImportKind.PEOPLE, file_name="a.csv", rows=[[2, *rows[1:]]])
    event = AuditEvent.objects.create(action="unit.changed", object_type="organisasi.unit", unit=world.polsek)
    own = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, created_by=world.leader
    )
    disclosed = disclosed_sheet(world)
    upload = WorkbookImport.objects.create(
        checklist=own, owner=world.operator, file_name="lke.xlsx", file_sha256="a", file_size=1, sheet_name="Jawaban",
        items=[],
    )  # fmt: skip
    oddity = Oddity.objects.create(
        kind="fast", subject=f"uji-{world.polsek.pk}", fingerprint=f"uji-{world.polsek.pk}", checklist=world.checklist,
        facts={"answers": 15, "first": "2026-11-02T09:00:00+07:00", "last": "2026-11-02T09:02:00+07:00",
               "sent": "2026-11-02T09:02:00+07:00", "item": "P.1.1.i.a"},
    )  # fmt: skip
    oddity.units.add(world.polsek)
    oddity.people.add(world.leader)
    practice = make_session(world.polsek, world.operator)
    told, untold = (finding(world, number, at) for number, at in ((1, timezone.now()), (2, None)))
    return {
        "unit": world.polsek.pk,
        "simba": practice.pk,
        "simba-person": {"pk": practice.pk, "registration_pk": make_registration(practice).pk},
        "innovation": make_innovation(world.polsek, world.operator).pk,
        "own-unit": world.polres.pk,
        "visit": world.visit.pk,
        SHEET: world.checklist.pk,
        "self-sheet": own.pk,
        "lke": Checklist.objects.create(
            unit=world.polsek,
            period=world.period,
            instrument=load_instrument("lke-2021")[0],
            layer=Layer.SELF,
            created_by=world.leader,
        ).pk,
        "upload": upload.pk,
        "disclosed": disclosed,
        "document": document(world, world.checklist.pk, "submitted"),
        "told-document": document(world, disclosed, "disclosed"),
        "reply": reply(world).pk,
        "sample": sampled_sheet(world),
        "finding": told.pk,
        "untold": untold.pk,
        "oddity": oddity.pk,
        "retest": {"pk": world.checklist.pk, "finding_pk": told.pk},
        "answer": answer.pk,
        "link": link.pk,
        "file": file.pk,
        "brought": evidence.pk,
        "kept": kept.pk,
        "shared": shared.pk,
        "person": person.pk,
        "posting": person.postings.get().pk,
        "lead": {"posting_pk": world.leader.postings.get().pk, "pk": world.visit.pk},
        "draft": draft.pk,
        "list-file": list_file(world.commander),
        "gratuity": gratuity(world, "submitted"),
        "gratuity-draft": gratuity(world, "draft"),
        "pledge": paper_pledge(world, person),
        "declaration": Declaration.objects.create(
            unit=world.polsek, day=world.visit.starts_on, place="Halaman", created_by=world.operator
        ).pk,
        "notice": Notice.objects.create(
            person=world.commander, kind="visit", text="Kunjungan", url="/dasbor/", unit=world.polsek, key="uji"
        ).pk,
        **resident_report(world),
        "admin-unit": world.polsek.pk,
        "admin-user": person.pk,
        "admin-posting": person.postings.get().pk,
        "admin-heldpredicate": HeldPredicate.objects.create(unit=world.polres, predicate="wbk", year=2018).pk,
        "admin-holiday": Holiday.objects.create(unit=world.polsek, day=world.visit.starts_on, name="Libur").pk,
        "tariff": Tariff.objects.create(
            unit=world.polres,
            key="skck-wni",
            service="skck",
            name="SKCK",
            amount=1,
            legal_basis="Uji",
            valid_from="2020-01-01",
        ).pk,
        "version": InstrumentDraft.objects.create(
            unit=world.polres,
            base=world.instrument,
            code=world.instrument.code,
            version=world.polres.code,
            name="Uji",
            file_name="a.yaml",
            file_size=1,
            sha256=world.instrument.sha256,
            source="x",
            uploaded_by=admin,
            definition=world.instrument.definition,
            crosswalk=[],
            posting=admin.postings.get(),
        ).pk,
        "period": world.period.pk,
        "next-period": {"unit_pk": world.polres.pk, "kind": "quarter"},
        "admin-period": world.period.pk,
        "admin-letterhead": Letterhead.objects.create(unit=world.polsek, lines="Polri", town="Tuban").pk,
        "admin-auditevent": event.pk,
        "admin-instrument": world.instrument.pk,
    } | survey_desk(world.polsek)


def survey_desk(unit: Unit) -> dict[str, Any]:
    """Make a batch of survey slips and a respondent of a unit."""
    today = datetime.date.today()
    tomorrow = today + datetime.timedelta(days=1)
    slips = TokenBatch.objects.create(
        unit=unit, service="skck", bundle="zi", is_screen=False, issued_on=today, expires_on=tomorrow
    )
    respondent = SurveyContact.objects.create(
        unit=unit, service="skck", name="Pemohon uji", phone="081200000000", noted_on=today
    )
    return {
        "slips": {"pk": unit.pk, "batch_pk": slips.pk},
        "respondent": {"pk": unit.pk, "contact_pk": respondent.pk},
    }


def gratuity(world: World, status: str) -> int:
    """Make a gratuity report of the station's operator."""
    return GratuityReport.objects.create(
        number=f"G-{world.polsek.code}-{status}", by=world.operator, posting=world.operator.postings.first(),
        unit=world.polsek, status=status, received_on=world.visit.starts_on, form="goods", what="Kain", value=100000,
        relation="served", occasion="duty", response="accepted", circumstances="Ditinggalkan", whereabouts="held",
    ).pk  # fmt: skip


def resident_report(world: World) -> dict[str, Any]:
    """Let a resident report the station with a photo, to the Polres's integrity officer; one is posted for it."""
    officer = make_person(world.polres, Role.INTEGRITY_OFFICER)
    token = report_tokens.new_token(report_tokens.SEND)
    route, story = find_route(world.polsek, "officer"), Story("service", "Loket tutup sebelum waktunya.")
    report = send_report(token=token, route=route, story=story, photos=[b"foto"]).report
    photo = ReportFile.objects.get(message__report=report).pk
    return {"report": report.pk, "report-photo": photo, "officer": officer}


def paper_pledge(world: World, person: User) -> int:
    """Make a pledge that the station recorded from paper."""
    return Pledge.objects.create(
        person=person, year=world.visit.starts_on.year, unit=world.polsek, posting=person.postings.get(), way="paper",
        scan=bare_file(world, "e"), signed_on=world.visit.starts_on, recorded_by=world.operator,
    ).pk  # fmt: skip


def bare_file(world: World, digest: str) -> StoredFile:
    """Make the row of a file of evidence."""
    return StoredFile.objects.create(
        kind="evidence", name="sk.pdf", content_type="application/pdf", size=1, sha256=digest, original_sha256=digest,
        path="aa/foto.jpg", created_by=world.leader,
    )  # fmt: skip


def finding(world: World, number: int, handed_over_at: Any) -> Finding:
    """Make a finding at the first item of the world's sheet."""
    return Finding.objects.create(
        number=f"T-{world.polsek.code}-{number}", unit=world.polsek, owner_unit=world.polsek, owner_title="Kapolsek",
        severity="minor", observation="Papan kosong", item=world.answer().item, created_by=world.leader,
        handed_over_at=handed_over_at,
    )  # fmt: skip


def list_file(person: User) -> uuid.UUID:
    """Make the file of a long list that a person asked for."""
    return ListFile.objects.create(
        person=person, posting_mark=posting_mark(person), name="temuan", suffix="csv", asked_mark=str(person.pk),
        status="ready", path="aa/foto.jpg",
    ).pk  # fmt: skip


def document(world: World, sheet: int, shown: str) -> int:
    """Make the report of a sheet as it stood in a state; return its file."""
    file = StoredFile.objects.create(
        kind="document", name="laporan.pdf", content_type="application/pdf", size=1, sha256="b", original_sha256="b",
        path="aa/foto.jpg", created_by=world.leader,
    )  # fmt: skip
    Document.objects.create(
        kind="report", number=f"LH/{world.polsek.code}/{sheet}", unit=world.polsek, visit=world.visit,
        checklist_id=sheet, subject=f"sheet:{sheet}", status="ready", shown_status=shown, shows_result=True, file=file,
        requested_by=world.leader,
    )  # fmt: skip
    return file.pk


def sampled_sheet(world: World) -> int:
    """Make a planned visit of the leader whose sheet is a sample."""
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/3", starts_on=world.visit.starts_on,
        team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    sheet = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SUPERVISION, visit=visit,
        created_by=world.leader, scope="sample",
    )  # fmt: skip
    return SampleDraw.objects.create(checklist=sheet, seed="benih").checklist_id


def reply(world: World) -> Reply:
    """Let the disclosed sheet have one item that was marked down."""
    sheet, answer = Checklist.objects.get(unit=world.polsek, status="disclosed"), world.answer()
    Answer.objects.create(checklist=sheet, item=answer.item, version=1, value={"answer": "D"}, is_answered=True)
    running = ReplyRound.objects.create(checklist=sheet, due_on=world.period.last_day)
    return Reply.objects.create(round=running, item=answer.item, claimed="A", found="D", points=1)


def disclosed_sheet(world: World) -> int:
    """Make a second visit whose sheet the station has been told of."""
    visit = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number="Sprin/2", starts_on=world.visit.starts_on,
        status="done", team_leader=world.leader, planned_by=world.leader,
    )  # fmt: skip
    return Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SUPERVISION, visit=visit,
        status="disclosed", created_by=world.leader,
    ).pk  # fmt: skip


@pytest.fixture
def stage() -> Stage:
    world, other = make_world("satu"), make_world("dua")
    polres = world.polres
    own = objects(world, admin := make_person(polres, Role.ADMIN))
    people = {
        "admin": admin,
        "supervisor": world.reviewer,
        "member": world.members[0],
        "commander": world.commander,
        "kapolsek": world.operator,
        "operator": make_person(polres, Role.OPERATOR),
        "auditor": world.auditor,
        "integrity": own.pop("officer"),
        "nobody": make_user(),
    }
    stranger = make_person(other.polres, Role.ADMIN)
    for name in ("foto.jpg", "kecil.jpg"):
        default_storage.save(f"aa/{name}", ContentFile(b"x"))
    return Stage(world, people, own, objects(other, stranger))


class Undo(Exception):
    """Takes back what a request wrote."""


def ask(
    stage: Stage, role: str, method: str, target: str, rule: Rule = PUBLIC, **headers: str
) -> tuple[Any, bytes, list[str]]:
    """Send one request as the role; return the answer, its body and what it wrote. Everything is taken back."""
    found: list[Any] = []
    client = stage.sessions.of(None if role == "anonymous" else stage.people[role])
    try:
        with transaction.atomic():
            with Counted() as counted:
                answer = client.generic(method, target, *sent(stage, rule, method), headers=headers)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            written = [sql for sql in counted.statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
            found = [answer, body, [sql for sql in written if "django_session" not in sql]]
            raise Undo
    except Undo:
        return found[0], found[1], found[2]


def sent(stage: Stage, rule: Rule, method: str) -> tuple[bytes, str]:
    """Return body and content type of a request."""
    data = rule.sends(stage) if rule.sends is not None and method == "POST" else {}
    if isinstance(data, str):
        return data.encode(), "application/json"
    return encode_multipart(BOUNDARY, data) if method == "POST" else b"", MULTIPART_CONTENT


def address(route: Any, rule: Rule, thing: Any) -> str:
    """Return the route's address for an object: an id, or all arguments by name."""
    kwargs = {}
    for name in route.arguments:
        if isinstance(thing, dict):
            kwargs[name] = thing[name]
        elif name in rule.extra:
            kwargs[name] = rule.extra[name]
        elif name == "token":
            kwargs[name] = "tidak-ada"
        else:
            kwargs[name] = thing
    return reverse(route.name, kwargs=kwargs) + rule.query


def missing(thing: Any) -> Any:
    """Return arguments of the same form that lead nowhere."""
    if isinstance(thing, dict):
        return {name: missing(value) for name, value in thing.items()}
    return uuid.UUID(int=MISSING) if isinstance(thing, uuid.UUID) else MISSING


ROUTES = [route for route in all_routes() if not route.name.startswith("admin:?")]
RULED = [(route, rule) for route in ROUTES if (rule := rule_of(route.name)) is not None]


def test_every_route_has_a_rule() -> None:
    assert [route.name for route in ROUTES if rule_of(route.name) is None] == []


def test_every_rule_has_a_route() -> None:
    names = {route.name for route in all_routes()}
    assert [name for name in RULES if name not in names] == []
    assert [name for name, *_ in VARIANTS if name not in names] == []


def test_the_only_routes_without_a_name_are_djangos_redirects() -> None:
    unnamed = {route.name for route in all_routes() if "?" in route.name}
    assert unnamed == {"admin:?<path:object_id>/", "admin:?(?P<url>.*)$"}


# --- the matrix ---------------------------------------------------------------------------------------


def faults_of_anonymous(stage: Stage) -> list[tuple]:
    """Nobody without a session gets in: pages lead to sign-in, scripts get 401."""
    faults = []
    for route, rule in RULED:
        target = address(route, rule, stage.own.get(rule.about, 1))
        for method in METHODS:
            answer, _, _ = ask(stage, "anonymous", method, target)
            if rule.is_public:
                if answer.status_code >= 500 and route.name != "healthz":
                    faults.append((route.name, method, answer.status_code))
                continue
            leads = answer.get("Location", "").split("?")[0] in {"/masuk/", "/admin/login/"}
            script, body, _ = ask(stage, "anonymous", method, target, Accept="application/json")
            if not (answer.status_code == 302 and leads) or script.status_code not in {401, 302}:
                faults.append((route.name, method, answer.status_code, script.status_code))
            if script.status_code == 401 and method != "HEAD" and b"signed-out" not in body:
                faults.append((route.name, method, body))
    return faults


def expected(rule: Rule, role: str) -> str:
    """Return "in", "refused" or "out"."""
    return "in" if role in rule.readers else "refused" if role in rule.refused else "out"


def methods_of(role: str) -> tuple[str, ...]:
    """Return the methods that a role tries.

    What a view doesn't take is refused before it looks for any object or right, and HEAD is answered like GET: two
    roles are enough to see that.
    """
    return METHODS if role in {"admin", "member"} else ("GET", "POST")


def faults_of_role(stage: Stage, role: str) -> list[tuple]:
    """Each route, with an own object, answers the role by its rule; only the declared POST ever writes."""
    variants = [
        (route, Rule(about, readers, rule.method, False, refused, rule.extra))
        for name, about, readers, refused in VARIANTS
        for route, rule in RULED
        if route.name == name
    ]
    faults = []
    for route, rule in [*RULED, *variants]:
        target = address(route, rule, stage.own.get(rule.about, 1))
        want = expected(rule, role)
        for method in methods_of(role):
            answer, _, written = ask(stage, role, method, target, rule)
            status = answer.status_code
            if method != "POST" and beyond_looks(route.name, written):
                faults.append((route.name, rule.about, method, "wrote", written[0][:80]))
            if status >= 500 and route.name != "healthz":
                faults.append((route.name, rule.about, method, status))
            if rule.is_public:
                continue
            if method == rule.method:
                if status not in {"in": LET_IN, "refused": {403}, "out": {404}}[want]:
                    faults.append((route.name, rule.about, method, want, status))
            elif status not in SHUT and (want != "in" or (method in {"PUT", "DELETE"} and not rule.is_django)):
                faults.append((route.name, rule.about, method, want, status))
            if want != "in" and written:
                faults.append((route.name, rule.about, method, want, "wrote", written[0][:80]))
    return faults


def plain(body: bytes) -> bytes:
    """Return a page without what differs between any two: the CSRF token and the session's clock."""
    body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", body)
    return re.sub(rb'data-session-[a-z-]+="\d+"', b"", body)


def faults_of_ids(stage: Stage, role: str, ruled: list[tuple[Any, Rule]] = RULED) -> list[tuple]:
    """A foreign object and a missing one get the same answer, byte by byte, by every method."""
    faults = []
    for route, rule in ruled:
        if not rule.about or rule.about == "admin-instrument":
            continue
        thing = stage.foreign[rule.about]
        for method in methods_of(role):
            first, body, written = ask(stage, role, method, address(route, rule, thing), rule)
            second, other, _ = ask(stage, role, method, address(route, rule, missing(thing)), rule)
            statuses = (first.status_code, second.status_code)
            if statuses[0] != statuses[1] or statuses[0] not in SHUT or written:
                faults.append((route.name, method, *statuses))
            elif plain(body) != plain(other) or set(first.headers) != set(second.headers):
                faults.append((route.name, method, "differs"))
            elif method == rule.method and statuses[0] == 403 and not rule.is_django:
                faults.append((route.name, method, "403 for a foreign object"))
    return faults


def shown(faults: list[tuple]) -> str:
    """Write the faults one to a line."""
    return "\n".join(" ".join(map(str, fault)) for fault in faults)


def test_nobody_gets_in_without_a_session(stage: Stage) -> None:
    assert shown(faults_of_anonymous(stage)) == ""


def on_both(chosen: str) -> list[Any]:
    """Return all roles, of which one asks both databases: the others differ by unit and right, not by SQL."""
    return [pytest.param(role, marks=() if role == chosen else pytest.mark.once) for role in ROLES]


@pytest.mark.parametrize("role", on_both("admin"))
def test_each_role_gets_what_the_rules_say(stage: Stage, role: str) -> None:
    assert shown(faults_of_role(stage, role)) == ""


@pytest.mark.parametrize("role", on_both("member"))
def test_a_foreign_object_and_a_missing_one_look_the_same(stage: Stage, role: str) -> None:
    assert shown(faults_of_ids(stage, role)) == ""


@pytest.mark.parametrize("role", ["admin", "commander"])
def test_djangos_short_addresses_tell_nothing(stage: Stage, role: str) -> None:
    for path in ("unit/{}/", "user/{}/", "unit/{}", "unit/{}/apa/"):
        answers = [
            ask(stage, role, "GET", "/admin/organisasi/" + path.format(pk))[0].status_code
            for pk in (stage.foreign["unit"], MISSING)
        ]
        assert answers[0] == answers[1]


# --- twins: the guard taken out, the matrix goes red ------------------------------------------------------


def ruled(*names: str) -> list[tuple[Any, Rule]]:
    """Return the rules of some routes."""
    return [(route, rule) for route, rule in RULED if route.name in names]


@pytest.mark.parametrize(
    ("model", "role", "route"),
    [
        (Checklist, "supervisor", "supervisi:checklist-detail"),
        (Visit, "supervisor", "supervisi:visit-detail"),
        (Unit, "supervisor", "supervisi:visit-add"),
        (ImportDraft, "admin", "import-preview"),
        (Evidence, "supervisor", "files:download"),
        (Notice, "supervisor", "notices:read"),
        (Oddity, "supervisor", "supervisi:oddity-detail"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_matrix_goes_red_without_visible_to(stage: Stage, monkeypatch, model, role, route) -> None:
    only = ruled(route)
    assert faults_of_ids(stage, role, only) == []
    monkeypatch.setattr(type(model.objects.all()), "visible_to", lambda self, user: self)
    assert route in {fault[0] for fault in faults_of_ids(stage, role, only)}


def test_the_matrix_goes_red_without_the_reach_of_admins(stage: Stage, monkeypatch) -> None:
    from django.db.models import Q

    names = {"admin:organisasi_unit_change", "admin:organisasi_posting_history"}
    monkeypatch.setattr(Scope, "within", lambda self, field, *roles: Q())
    assert {fault[0] for fault in faults_of_ids(stage, "admin", ruled(*names))} == names


def test_the_matrix_goes_red_without_the_sign_in(stage: Stage, monkeypatch) -> None:
    from wbbm.organisasi.sessions import SignInRequiredMiddleware

    monkeypatch.setattr(SignInRequiredMiddleware, "handle_no_permission", lambda self, request, view: None)
    with pytest.raises((AssertionError, AttributeError)):
        assert faults_of_anonymous(stage) == []


def test_a_whole_district_is_out_of_sight_for_the_neighbour(stage: Stage) -> None:
    neighbour = make_person(make_unit(kind=UnitKind.POLRES), Role.COMMANDER)
    make_posting(neighbour, role=Role.AUDITOR)
    client = Client()
    client.force_login(neighbour, backend="wbbm.organisasi.auth.PostingBackend")
    said = client.get("/supervisi/satuan/?cari=Senori").content.decode()
    assert "Polsek Senori" not in said
    assert Finding.objects.exists() or Checklist.objects.filter(layer=Layer.SUPERVISION).exists()
