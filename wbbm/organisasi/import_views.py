"""Import and export of units and people: upload, preview, import, one-time links of new people."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wbbm.errors import DomainError

from . import exports
from .clock import moment_text
from .errors import AlreadyDone
from .http import signed_in_user
from .imports.columns import COLUMNS, LIMITS_TEXT
from .imports.rows import BAD, CHANGED, NEW, CheckedRow
from .models import ImportDraft, ImportKind, Role, User
from .second_factor import ask_first
from .services import imports
from .tables import CONTENT_TYPES, table_bytes, table_of

KINDS = {"satuan": ImportKind.UNITS, "orang": ImportKind.PEOPLE}
_WORDS = {kind: word for word, kind in KINDS.items()}
_FILTERS = {"salah": BAD, "baru": NEW, "berubah": CHANGED}
_PAGE = 100


class UploadForm(forms.Form):
    """The list to import."""

    file = forms.FileField(
        label="Berkas",
        max_length=200,
        help_text=LIMITS_TEXT,
        error_messages={
            "required": "Pilih berkasnya dulu.",
            "empty": "Berkas kosong. Isi daftarnya, lalu unggah lagi.",
        },
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".csv,.xlsx"}),
    )


@dataclass(frozen=True)
class Preview:
    """What the preview page shows."""

    draft: ImportDraft
    word: str
    rows: list[CheckedRow]
    total: int
    bad: int
    new: int
    changed: int
    chosen: str
    next_offset: int

    @property
    def same(self) -> int:
        """Rows that change nothing."""
        return self.total - self.bad - self.new - self.changed

    @property
    def to_write(self) -> int:
        """Rows that the import would write."""
        return self.new + self.changed


def _admin(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not user.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    return user


def _kind(word: str) -> ImportKind:
    if word not in KINDS:
        raise Http404("no such list")
    return KINDS[word]


def _draft(request: HttpRequest, pk: uuid.UUID) -> tuple[ImportDraft, User]:
    user = _admin(request)
    found = ImportDraft.objects.visible_to(user).filter(pk=pk).first()
    if found is None:
        raise Http404("no such upload of this person")
    return found, user


def _download(content: bytes, name: str, suffix: str) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPES[suffix])
    response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def import_upload(request: HttpRequest, word: str) -> HttpResponse:
    """Take a list; nothing is written before it was shown."""
    user, kind = _admin(request), _kind(word)
    form = UploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            draft = imports.keep_upload(kind=kind, file=upload, name=upload.name, size=upload.size, by=user)
        except DomainError as refusal:
            form.add_error("file", refusal.message)
        else:
            return redirect("import-preview", pk=draft.pk)
    context = {"form": form, "word": word, "is_units": kind == ImportKind.UNITS, "columns": COLUMNS[kind]}
    return render(request, "organisasi/import_upload.html", context, status=422 if request.method == "POST" else 200)


@require_safe
def import_template(request: HttpRequest, word: str, suffix: str) -> HttpResponse:
    """Give an empty list with its headings."""
    _admin(request)
    kind = _kind(word)
    if suffix not in CONTENT_TYPES:
        raise Http404("no such form of the list")
    return _download(exports.template(kind, suffix), f"templat-{word}", suffix)


@require_safe
def export_list(request: HttpRequest, word: str, suffix: str) -> HttpResponse:
    """Give the list of what the admin may see."""
    user, kind = _admin(request), _kind(word)
    if suffix not in CONTENT_TYPES:
        raise Http404("no such form of the list")
    asked = ask_first(request, is_file=True) if kind == ImportKind.PEOPLE else None
    return asked or _download(exports.export(kind, suffix, user), f"daftar-{word}", suffix)


def _preview(request: HttpRequest, draft: ImportDraft, user: User) -> Preview:
    rows = imports.check_draft(draft=draft, by=user)
    chosen = request.GET.get("saring", "")
    chosen = chosen if chosen in _FILTERS else ""
    shown = [row for row in rows if row.state == _FILTERS[chosen]] if chosen else rows
    shown = sorted(shown, key=lambda row: (not row.is_bad, row.line))
    start = request.GET.get("dari", "")
    offset = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 0
    return Preview(
        draft=draft,
        word=_WORDS[ImportKind(draft.kind)],
        rows=shown[offset : offset + _PAGE],
        total=len(rows),
        bad=sum(row.is_bad for row in rows),
        new=sum(row.is_new for row in rows),
        changed=sum(row.is_changed for row in rows),
        chosen=chosen,
        next_offset=offset + _PAGE if len(shown) > offset + _PAGE else 0,
    )


@require_safe
def import_preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show every row with its faults before anything is written; afterwards what was done."""
    draft, user = _draft(request, pk)
    if draft.applied_at is not None:
        waiting = imports.waiting_for_links(draft=draft, by=user)
        posting = next((office for office in user.scope.postings if office.role == Role.ADMIN), None)
        applied = moment_text(draft.applied_at, posting.unit if posting is not None else None)
        context = {"draft": draft, "word": _WORDS[ImportKind(draft.kind)], "waiting": waiting, "applied": applied}
        return render(request, "organisasi/import_done.html", context)
    context = {"page": _preview(request, draft, user), "is_units": draft.kind == ImportKind.UNITS}
    return render(request, "organisasi/import_preview.html", context)


@require_safe
def import_faults(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give the list of faults, to mend the file by."""
    draft, user = _draft(request, pk)
    lines: list[list[str]] = []
    for row in sorted(imports.check_draft(draft=draft, by=user), key=lambda row: row.line):
        lines.extend([str(row.line), fault.column, fault.value, fault.message] for fault in row.faults)
    table = table_of("daftar-kesalahan", ("Baris", "Kolom", "Tertulis", "Perbaikan"), lines)
    return _download(table_bytes(table, "csv"), table.name, "csv")


@require_POST
def import_apply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Import the list; a second click leads to the same result."""
    draft, user = _draft(request, pk)
    try:
        imports.apply_draft(draft=draft, by=user)
    except AlreadyDone:
        pass
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Impor selesai. Semua baris tersimpan.")
    return redirect("import-preview", pk=draft.pk)


@require_POST
def import_drop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget an upload."""
    draft, user = _draft(request, pk)
    imports.drop_draft(draft=draft, by=user)
    messages.success(request, "Unggahan dibatalkan. Tidak ada yang disimpan.")
    return redirect("import-upload", word=_WORDS[ImportKind(draft.kind)])


@require_POST
def import_links(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make the one-time links of the people whom the import added, and show them once."""
    draft, user = _draft(request, pk)
    asked = ask_first(request)
    if asked is not None:
        return asked
    slips = imports.make_slips(draft=draft, by=user)
    left = imports.count_without_link(draft=draft, by=user)
    return render(request, "organisasi/import_links.html", {"slips": slips, "draft": draft, "left": left})
