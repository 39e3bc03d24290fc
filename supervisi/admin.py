"""Admin pages of periods, letterheads and instruments. Sheets, answers, findings and scores are not written here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from supervisi.models import Instrument, Letterhead, Period
from supervisi.services import letterheads, periods
from wbbm.organisasi.admin_base import ScopedAdmin, take_over
from wbbm.organisasi.http import signed_in_user


@admin.register(Period)
class PeriodAdmin(ScopedAdmin):
    """Periods of units in the admin's reach; they are closed on a page of their own."""

    list_display = ("name", "unit", "kind", "first_day", "last_day", "closed_at")
    list_filter = ("kind",)
    search_fields = ("name", "unit__name")
    autocomplete_fields = ("unit",)
    list_select_related = ("unit",)
    change_list_template = "admin/supervisi/period_list.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix unit and kind once the period is there."""
        return ("unit", "kind") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Create or change by the services."""
        user = signed_in_user(request)
        days = {"name": obj.name, "first_day": obj.first_day, "last_day": obj.last_day}
        if change:
            periods.update_period(period=Period.objects.select_related("unit").get(pk=obj.pk), by=user, **days)
        else:
            take_over(obj, periods.create_period(unit=obj.unit, kind=obj.kind, by=user, **days))


@admin.register(Letterhead)
class LetterheadAdmin(ScopedAdmin):
    """Letterheads of units in the admin's reach."""

    list_display = ("unit", "town", "address")
    search_fields = ("unit__name", "town")
    autocomplete_fields = ("unit",)
    list_select_related = ("unit",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the unit once the letterhead is there."""
        return ("unit",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Write by the service."""
        saved = letterheads.save_letterhead(
            unit=obj.unit, lines=obj.lines, address=obj.address, town=obj.town, by=signed_in_user(request)
        )
        take_over(obj, saved)


@admin.register(Instrument)
class InstrumentAdmin(ScopedAdmin):
    """Loaded instruments, to read."""

    list_display = ("code", "version", "name", "label", "starts_on", "loaded_at")
    fields = ("code", "version", "name", "label", "is_official", "period_kind", "sha256", "starts_on", "loaded_at")
    search_fields = ("code", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instrument]:
        """Instruments are the same for all admins."""
        return Instrument.objects.visible_to(signed_in_user(request)).defer("definition")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Instruments come from files (load_instruments), or from a draft that was published."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A loaded instrument never changes."""
        return False
