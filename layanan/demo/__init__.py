"""Content of the public side in the demo district."""

from __future__ import annotations

from layanan.demo.catalogue import add_catalogue
from layanan.demo.commitment import add_commitment
from layanan.demo.gratuities import add_gratuities
from layanan.demo.innovations import add_innovations
from layanan.demo.place import Place
from layanan.demo.reports import add_reports
from layanan.demo.simba import add_simba
from layanan.demo.surveys import add_surveys
from layanan.services.public_figures import refresh
from wbbm.organisasi.models import Unit

__all__ = ["Place", "add_public_side"]


def add_public_side(place: Place) -> None:
    """Fill every page of the public side, one step a topic."""
    add_catalogue(place)
    add_gratuities(place)
    add_simba(place)
    add_innovations(place)
    add_surveys(place)
    add_reports(place)
    add_commitment(place)
    refresh(Unit.objects.all(), place.today)
