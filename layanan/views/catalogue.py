"""Public pages of units, services and tariffs, and the notices for the counter."""

from __future__ import annotations

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from layanan.pages.public_unit import ServicePage, find_public_unit, read_service_page, read_unit_page
from layanan.pages.tariffs import TEXT_LIMIT, read_tariff_page
from layanan.views.public import public_page
from wbbm.organisasi.models import Unit


def _unit(code: str) -> Unit:
    unit = find_public_unit(code)
    if unit is None:
        raise Http404("no public unit of this code")
    return unit


def _asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:TEXT_LIMIT]


def _service(request: HttpRequest, code: str, service: str) -> ServicePage:
    page = read_service_page(_unit(code), service, _asked(request, "tarif"))
    if page is None:
        raise Http404("the unit does not offer this service")
    return page


@public_page
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a unit offers, where and when."""
    return render(request, "layanan/unit.html", {"page": read_unit_page(_unit(code))})


@public_page
def service_page(request: HttpRequest, code: str, service: str) -> HttpResponse:
    """Show one service of a unit: what it costs, what to bring, how it goes."""
    return render(request, "layanan/service.html", {"page": _service(request, code, service)})


@public_page
def tariff_page(request: HttpRequest) -> HttpResponse:
    """Show the tariffs, or those that fit what was looked for."""
    return render(request, "layanan/tariffs.html", {"page": read_tariff_page(_asked(request, "q"))})


@public_page
def unit_notice(request: HttpRequest, code: str) -> HttpResponse:
    """Show the notice of a unit's counter, made to be printed."""
    unit = _unit(code)
    address = _absolute("layanan:unit", unit.code)
    context = {
        "page": read_unit_page(unit),
        "address": address,
        "qr": _drawn(address),
        "report": _absolute("layanan:report-start"),
    }
    return render(request, "layanan/unit_notice.html", context)


@public_page
def service_notice(request: HttpRequest, code: str, service: str) -> HttpResponse:
    """Show the notice of a service, made to be printed."""
    page = _service(request, code, service)
    address = _absolute("layanan:service", page.unit.code, service)
    context = {"page": page, "address": address, "qr": _drawn(address), "report": _absolute("layanan:report-start")}
    return render(request, "layanan/service_notice.html", context)


def _absolute(route: str, *args: str) -> str:
    return settings.SITE_URL + reverse(route, args=args)


def _drawn(address: str) -> SafeString:
    """Draw an address of ours as a QR code."""
    drawn = segno.make(address, error="m").svg_inline(
        scale=4, border=2, svgclass="zi-qr", lineclass=None, omitsize=True, title="Kode QR halaman ini"
    )
    return mark_safe(drawn)  # noqa: S308 (drawn by segno from our own address)
