"""From content to PDF/UA, by WeasyPrint; what this machine lacks is told in plain words."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from supervisi.documents.content import Content
from supervisi.documents.words import long_day
from supervisi.models import DocumentKind
from wbbm.errors import DomainError
from wbbm.files.models import StoredFile
from wbbm.organisasi.models.audit import AuditHead

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
_TEMPLATES = {
    DocumentKind.MINUTES: "supervisi/documents/minutes.html",
    DocumentKind.FINDINGS: "supervisi/documents/findings.html",
    DocumentKind.REPORT: "supervisi/documents/report.html",
}

Progress = Callable[[int], None]


class CannotRender(DomainError):
    """This machine can't make documents; the message says what to install."""


@dataclass(frozen=True)
class Stamp:
    """What a document bears besides its content."""

    number: str
    made_on: datetime.date
    made_at: str
    # The day's head of the audit trail: whoever files the document can prove that nothing before was rewritten.
    head: AuditHead | None = None


def load_weasyprint() -> Any:
    """Import the renderer.

    Raises:
        CannotRender: the package or one of its system libraries is not there.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as fault:
        raise CannotRender(
            "Mesin ini belum dapat membuat dokumen: pustaka sistem untuk PDF belum terpasang. "
            f"Admin mesin memasangnya dengan: apt-get install {PACKAGES}. Sesudah itu tekan Coba lagi."
        ) from fault
    return weasyprint


def write_html(content: Content, stamp: Stamp) -> str:
    """Write the document as HTML; the day under which it is signed is its own, or that of making."""
    context = {
        "content": content,
        "stamp": stamp,
        "signed_on": long_day(content.signed_on or stamp.made_on),
        "is_demo": settings.IS_DEMO,
        "verify_url": settings.SITE_URL + reverse("supervisi:verify-form"),
    }
    return render_to_string(_TEMPLATES[DocumentKind(content.kind)], context)


def draw_code(url: str) -> bytes:
    """Draw the QR code of an address as SVG."""
    drawn = io.BytesIO()
    segno.make(url, error="m").save(drawn, kind="svg", border=2, xmldecl=False)
    return drawn.getvalue()


def render_pdf(html: str, content: Content, progress: Progress) -> bytes:
    """Turn the HTML into a tagged PDF; of files it may show the photos of its content only.

    Raises:
        CannotRender: see `load_weasyprint`.
    """
    weasyprint = load_weasyprint()
    from supervisi.documents.fetcher import BASE, DocumentFetcher

    paths = dict(StoredFile.objects.filter(pk__in=content.photos).values_list("pk", "thumbnail_path"))
    code = draw_code(content.proof.url) if content.proof is not None else None
    seen = 0

    def on_photo() -> None:
        nonlocal seen
        seen += 1
        progress(20 + 40 * seen // len(paths))

    fetcher = DocumentFetcher(paths, on_photo, code)
    document = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetcher)
    laid_out = document.render(pdf_variant="pdf/ua-1")
    progress(80)
    made: bytes = laid_out.write_pdf(pdf_variant="pdf/ua-1")
    return made
