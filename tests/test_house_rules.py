"""House rules that a linter doesn't know, executed (docs: conventions)."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
APP_CODE = sorted(
    path
    for folder in ("wbbm", "layanan", "supervisi")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts and "__pycache__" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VIEWS = [path for path in APP_CODE if "views" in path.parts or path.name.endswith("views.py")]
MODELS = [path for path in APP_CODE if "models" in path.parts or path.name == "models.py"]
MOST_LINES = 450


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def hits(paths: list[Path], pattern: str, allowed: str = r"(?!)") -> list[str]:
    """Return the lines that match, and don't match what is allowed."""
    return [
        f"{name_of(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(pattern, line) and not re.search(allowed, line)
    ]


def tracked() -> list[Path]:
    """Return the files of the repository; a clean export without git is searched whole."""
    if not (ROOT / ".git").exists():
        return [*APP_CODE, *TEMPLATES]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


# --- code ---------------------------------------------------------------------------------------------


def test_no_file_is_a_drawer_for_everything():
    names = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert [name_of(path) for path in APP_CODE if path.stem in names or names & set(path.parts)] == []


def test_modules_stay_short():
    long = {name_of(path): len(path.read_text().splitlines()) for path in APP_CODE}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES} == {}


def test_views_read_through_named_querysets():
    """A view fetches by id in scope; every other condition has a name in a QuerySet or a page."""
    assert (
        hits(VIEWS, r"\.(filter|exclude|annotate|aggregate)\(", r"\.filter\(pk=|needs_first_admin|role=Role\.ADMIN")
        == []
    )


def test_no_guard_rests_on_row_locks():
    assert hits(APP_CODE, r"select_for_update\(") == []


def test_models_have_no_workflow():
    assert hits(MODELS, r"def save\(|def delete\(") == []
    # The guards in the database are put back after every migration; nothing else listens.
    assert hits(APP_CODE, r"django\.db\.models\.signals|@receiver|\.connect\(", r"\b(pre|post)_migrate\b") == []


def test_nothing_is_left_to_do():
    assert hits([*APP_CODE, *TEMPLATES], r"\b(TODO|FIXME|XXX|HACK)\b") == []


def test_public_things_have_a_docstring():
    missing = []
    for path in APP_CODE:
        tree = ast.parse(path.read_text())
        if path.name != "__init__.py" and ast.get_docstring(tree) is None:
            missing.append(name_of(path))
        for node in tree.body:
            members = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else []
            for thing in (node, *members):
                if not isinstance(thing, ast.FunctionDef | ast.ClassDef) or thing.name.startswith("_"):
                    continue
                if thing.name not in {"Meta", "Media"} and ast.get_docstring(thing) is None:
                    missing.append(f"{name_of(path)}: {thing.name}")
    assert "\n".join(missing) == ""


# Models that nobody opens by themselves: they are read through what is named here.
READ_THROUGH = {
    "organisasi.AccessLink": "the token",
    "organisasi.AuditHead": "the page of heads",
    "organisasi.AuditSeal": "AuditEvent",
    "organisasi.FactorReset": "its person, whom reaches_person guards",
    "organisasi.RecoveryCode": "SecondFactor",
    "organisasi.ResetRequest": "the sign-in",
    "organisasi.SecondFactor": "its person",
    "organisasi.SignInPace": "the sign-in",
    "jobs.Job": "the machine room",
    "upkeep.BackupState": "the page of health",
    "notices.Digest": "the worker",
    "notices.Preference": "its person",
    "layanan.ReportMessage": "Report",
    "layanan.ReportRecipient": "Report",
    "supervisi.Assignment": "Visit",
    "supervisi.VisitMember": "Visit",
    "supervisi.Node": "Instrument",
    "supervisi.OddityStep": "Oddity",
    "supervisi.Item": "Instrument",
    "supervisi.AnswerRevision": "Answer",
    "supervisi.SampleItem": "SampleDraw",
    "supervisi.ChecklistScore": "Checklist",
    "supervisi.VerificationCode": "Checklist, and by its code in public",
    "layanan.SurveyAnswer": "SurveyTally: nobody opens a single answer",
    "layanan.SurveyToken": "its code",
    "files.StoredFile": "may_read of its kind",
    "layanan.PledgeText": "Pledge",
    "layanan.ViolationCount": "ViolationStatement",
}


def test_every_model_that_people_open_has_a_scope():
    ours = [
        model
        for label in ("organisasi", "layanan", "supervisi", "files", "jobs", "notices", "upkeep")
        for model in apps.get_app_config(label).get_models()
    ]
    without = {model._meta.label for model in ours if not hasattr(model._default_manager.all(), "visible_to")}
    assert sorted(without - set(READ_THROUGH)) == []
    assert sorted(set(READ_THROUGH) - without) == []


# --- templates ----------------------------------------------------------------------------------------


def test_templates_have_no_inline_style_or_script():
    pattern = r"""<style|\sstyle=|<script(?![^>]*\ssrc=)|\son(click|load|change|submit|input|error)=|javascript:"""
    assert hits(TEMPLATES, pattern) == []


def test_templates_compare_no_status():
    assert hits(TEMPLATES, r"""\{%\s*(el)?if[^%]*\.(status|layer|role)\s*(==|!=|in)\s""") == []


def test_every_swap_sits_on_a_real_link_or_form():
    tags = re.compile(r"<(\w+)\b[^>]*\shx-(get|post)=", re.DOTALL)
    wrong = [
        f"{name_of(path)}: <{found[1]}>"
        for path in TEMPLATES
        for found in tags.finditer(path.read_text())
        if found[1] not in {"a", "form", "button"}
    ]
    assert wrong == []


def test_every_template_is_used():
    text = "\n".join(path.read_text() for path in [*APP_CODE, *TEMPLATES])
    by_django = re.compile(r"^(\d{3}|403_csrf)\.html$|^admin/")
    names = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]
    assert [name for name in names if not by_django.search(name) and f'"{name}"' not in text] == []


ENGLISH = (
    "please", "save", "saved", "cancel", "delete", "submit", "loading", "warning", "search", "password", "username",
    "login", "logout", "upload", "download", "settings", "dashboard", "user", "unknown", "invalid", "required", "close",
    "next", "previous", "the", "your", "must",
)  # fmt: skip
_WORDS = re.compile(rf"\b({'|'.join(ENGLISH)})\b", re.IGNORECASE)


def visible_text(source: str) -> str:
    """Return what a person reads of a template: text between tags, and labels in attributes."""
    source = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", " ", source, flags=re.DOTALL)
    source = re.sub(r"<code[ >].*?</code>|<pre[ >].*?</pre>", " ", source, flags=re.DOTALL)
    labels = " ".join(re.findall(r"""(?:aria-label|alt|title|placeholder)="([^"]*)\"""", source))
    source = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL)
    labels = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", labels)
    return re.sub(r"<[^>]*>", " ", source) + " " + labels


def test_pages_speak_indonesian():
    found = {name_of(path): sorted(set(_WORDS.findall(visible_text(path.read_text())))) for path in TEMPLATES}
    assert {name: words for name, words in found.items() if words} == {}


SAYS = {"success", "error", "warning", "info", "add_error", "message_user"}


def said_by(tree: ast.AST) -> list[tuple[int, str]]:
    """Return the literals that reach people: refusals, messages, labels, help texts."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            called = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
            parts = node.exc.args if called not in _FOR_PROGRAMMERS else []
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SAYS:
            parts = node.args
        elif isinstance(node, ast.keyword) and node.arg in {"label", "help_text", "verbose_name", "empty_label"}:
            parts = [node.value]
        else:
            continue
        for part in parts:
            found += [
                (leaf.lineno, leaf.value)
                for leaf in ast.walk(part)
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and " " in leaf.value
            ]
    return found


_FOR_PROGRAMMERS = {
    "Http404", "NotImplementedError", "ValueError", "KeyError", "TypeError", "LookupError", "RuntimeError",
    "AssertionError", "LeaseLost", "FactMissing", "StopIteration",
}  # fmt: skip


def test_refusals_and_messages_speak_indonesian():
    wrong = []
    for path in APP_CODE:
        if "scoring" in path.parts or "jobs" in path.parts:
            continue
        for line, text in said_by(ast.parse(path.read_text())):
            if _WORDS.search(text):
                wrong.append(f"{name_of(path)}:{line}: {text[:80]}")
    assert wrong == []


# --- the repository -----------------------------------------------------------------------------------


def test_no_file_names_this_machine_or_the_shared_ground():
    places = re.compile(r"(?<![\w.])/(work|root|home)/\w|\.\./shared|/process_api")
    wrong = []
    for path in tracked():
        if path.suffix in {".png", ".jpg", ".jpeg", ".heic", ".woff2", ".pdf", ".xlsx"} or "vendor" in path.parts:
            continue
        if path == Path(__file__).resolve():
            continue
        if places.search(path.read_text(errors="replace")):
            wrong.append(name_of(path))
    assert wrong == []


@pytest.mark.parametrize("package", ["layanan", "supervisi", "wbbm"])
def test_no_test_is_imported_by_the_portal(package):
    paths = [path for path in APP_CODE if path.parts[len(ROOT.parts)] == package]
    assert hits(paths, r"^\s*(from|import) tests\b") == []
