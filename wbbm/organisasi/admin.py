"""Admin pages of units, held predicates and the audit trail; those of people and postings stand beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Length, Substr
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join

from . import admin_people as admin_people  # registers its pages
from .access import ADMIN_TRAIL
from .admin_base import ScopedAdmin, take_over
from .clock import moment_text
from .http import signed_in_user
from .models import AuditEvent, HeldPredicate, Holiday, Unit
from .services import holidays, units
from .trail import act_words, by_words, change_words


class UnitForm(ModelForm):
    """A unit; UnitAdmin puts a fresh field in the place of "parent"."""

    parent = forms.ModelChoiceField(queryset=Unit.objects.none())

    class Meta:
        model = Unit
        fields = ("code", "name", "kind", "latitude", "longitude", "own_time_zone", "active_from", "active_to")
        # Degrees are read and typed with a comma.
        localized_fields = ("latitude", "longitude")


@admin.register(Unit)
class UnitAdmin(ScopedAdmin):
    """Units in the admin's reach."""

    unit_path = "path"
    form = UnitForm
    list_display = ("name", "above", "kind", "code", "active_to")
    list_filter = ("kind",)
    change_list_template = "admin/organisasi/importable_list.html"
    change_form_template = "admin/organisasi/unit_form.html"
    search_fields = ("name", "code")
    ordering = ("path",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the name of the unit above with each."""
        above = Unit.objects.order_by().filter(path=OuterRef("above_path")).values("name")[:1]
        path = Substr("path", 1, Length("path") - Unit.steplen)
        return super().get_queryset(request).annotate(above_path=path).annotate(above_name=Subquery(above))

    @admin.display(description="di bawah")
    def above(self, unit: Any) -> str | None:
        """Name the unit above."""
        return unit.above_name

    def fresh_fields(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Search the unit above a new one among those in reach."""
        if obj is None:
            return {"parent": self.unit_field("Di bawah satuan", self.get_queryset(request))}
        return {"parent": None}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Where a unit stands and when it ends change much besides: that has a page of its own, with a preview."""
        return ("active_to",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Create or change by the services."""
        fields = {name: value for name, value in form.cleaned_data.items() if name in UnitForm.Meta.fields}
        user = signed_in_user(request)
        if change:
            units.update_unit(unit=Unit.objects.get(pk=obj.pk), by=user, **fields)
        else:
            take_over(obj, units.create_unit(parent=form.cleaned_data["parent"], by=user, **fields))


@admin.register(HeldPredicate)
class HeldPredicateAdmin(ScopedAdmin):
    """Predicates that units hold."""

    list_display = ("unit", "predicate", "year", "decree", "revoked_on")
    list_filter = ("predicate",)
    search_fields = ("unit__name", "decree")
    autocomplete_fields = ("unit",)
    list_select_related = ("unit",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix unit, predicate and year once recorded."""
        return ("unit", "predicate", "year") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Record by the service."""
        held = units.record_predicate(
            unit=obj.unit,
            by=signed_in_user(request),
            predicate=obj.predicate,
            year=obj.year,
            decree=obj.decree,
            revoked_on=obj.revoked_on,
        )
        take_over(obj, held)


@admin.register(Holiday)
class HolidayAdmin(ScopedAdmin):
    """Days off of units in reach; one that was a mistake is switched off."""

    change_list_template = "admin/organisasi/holiday_list.html"
    list_display = ("day", "name", "unit", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "unit__name")
    autocomplete_fields = ("unit",)
    list_select_related = ("unit",)
    ordering = ("-day",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix day and unit once recorded."""
        return ("day", "unit") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the unit: days off for everybody come with the installation only."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "unit" in form.base_fields:
            form.base_fields["unit"].required = True
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Record by the service."""
        by = signed_in_user(request)
        if change:
            saved = holidays.change_holiday(
                holiday=Holiday.objects.select_related("unit").get(pk=obj.pk), name=obj.name,
                is_active=obj.is_active, by=by,
            )  # fmt: skip
        else:
            saved = holidays.add_holiday(unit=obj.unit, day=obj.day, name=obj.name, by=by)
        take_over(obj, saved)


@admin.register(AuditEvent)
class AuditEventAdmin(ScopedAdmin):
    """The trail of units, people, postings and periods, to read."""

    list_display = ("moment", "act_name", "about", "unit", "who")
    fields = ("moment", "act_name", "about", "unit", "who", "what", "reason", "address")
    search_fields = ("object_name", "actor__name", "unit__name")
    list_select_related = ("unit", "actor", "posting")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Keep the events of what admins write, of units in reach."""
        events: Any = super().get_queryset(request).filter(ADMIN_TRAIL)
        named: QuerySet[AuditEvent] = events.with_names()
        return named

    @admin.display(description="waktu", ordering="at")
    def moment(self, event: AuditEvent) -> str:
        """Write when, in the unit's zone."""
        return moment_text(event.at, event.unit)

    @admin.display(description="tindakan", ordering="action")
    def act_name(self, event: AuditEvent) -> str:
        """Name the act."""
        return act_words(event.action)

    @admin.display(description="objek")
    def about(self, event: AuditEvent) -> str:
        """Name what it is about."""
        return str(vars(event)["object_name"] or "")

    @admin.display(description="oleh")
    def who(self, event: AuditEvent) -> str:
        """Say who, by which office."""
        return by_words(event)

    @admin.display(description="perubahan")
    def what(self, event: AuditEvent) -> str:
        """Say what changed."""
        model = apps.get_model(event.object_type) if event.object_type else None
        return format_html_join("\n", "<div>{}</div>", ((line,) for line in change_words(event, model)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The trail is written by services only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The trail is never changed."""
        return False
