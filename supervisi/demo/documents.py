"""The district's letterhead, and documents that the worker makes as soon as it runs."""

from __future__ import annotations

from supervisi.demo.district import District
from supervisi.models import Checklist, DocumentKind, Visit, VisitStatus
from supervisi.services.documents import request_document
from supervisi.services.letterheads import save_letterhead

_LINES = "Kepolisian Negara Republik Indonesia\nDaerah Jawa Timur\nResor Tuban"


def add_documents(district: District) -> None:
    """Enter a letterhead; ask for every document of one station's last visit."""
    save_letterhead(
        unit=district.polres, lines=_LINES, address="Jalan Contoh Nomor 1, Tuban", town="Tuban",
        by=district.people["admin"],
    )  # fmt: skip
    done = Visit.objects.filter(unit=district.stations["Palang"], status=VisitStatus.DONE)
    visit = done.select_related("unit", "period", "team_leader", "deputy").order_by("-starts_on")[0]
    by = district.people["kabagren"]
    for kind in (DocumentKind.MINUTES, DocumentKind.FINDINGS):
        request_document(kind=kind, by=by, visit=visit)
    sheet = Checklist.objects.with_frame().get(visit=visit)
    request_document(kind=DocumentKind.REPORT, by=by, checklist=sheet)
