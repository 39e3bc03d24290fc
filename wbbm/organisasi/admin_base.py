"""What all our admin pages share: everything scoped, every write by a service, nothing deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wbbm.errors import DomainError

from .http import signed_in_user
from .models import Posting, Role
from .trail import read_trail


class ScopedAdmin(admin.ModelAdmin):
    """A ModelAdmin that shows only what lies in the admin's reach, and writes by services."""

    # The look-up that leads from the model to a unit's path.
    unit_path = "unit__path"
    list_per_page = 50
    show_full_result_count = False
    actions_on_bottom = False
    # "View on site" would tell foreign objects from missing ones.
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep rows of units in the admin's reach; lists, look-ups, history and pop-ups all come from here."""
        return super().get_queryset(request).filter(signed_in_user(request).scope.within(self.unit_path, Role.ADMIN))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted here: units end, people are closed, postings end."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no bulk deletion."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow filters on the model's own listed fields only: a chain of look-ups could ask about foreign rows."""
        return lookup.split("__")[0] in {str(name) for name in self.list_filter} and lookup.count("__") <= 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only choices in reach."""
        related = db_field.related_model
        registered = self.admin_site._registry.get(related)
        if registered is not None:
            kwargs["queryset"] = registered.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def fresh_fields(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return form fields made for this request; a form class's own fields are shared by all threads."""
        return {}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Put in the fresh fields, and what a service refused at the first try."""
        made = super().get_form(request, obj, change=change, **kwargs)
        parts = self.fresh_fields(request, obj)
        refusal = getattr(request, "wbbm_refusal", "")
        if refusal:

            def clean(form: Any) -> Any:
                values = made.clean(form)
                form.add_error(None, refusal)
                return values

            parts["clean"] = clean
        return type(made.__name__, (made,), parts)

    def unit_field(self, label: str, units: Any, **changes: Any) -> forms.ModelChoiceField:
        """Return a field that searches a unit among those given."""
        widget = AutocompleteSelect(Posting._meta.get_field("unit"), self.admin_site)
        return forms.ModelChoiceField(label=label, queryset=units, widget=widget, **changes)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a service's refusal as a message, with what was typed still there to correct."""
        if object_id is not None and self.get_object(request, object_id) is None:
            raise Http404("no such row in reach")
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            # Once more, as a form that is not valid: what was typed stays, the reason stands above it.
            request.wbbm_refusal = refusal.message  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what the audit trail says about a row in reach."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404("no such row in reach")
        context = self.admin_site.each_context(request) | {
            "title": "Riwayat",
            "subtitle": None,
            "original": found,
            "opts": self.opts,
            "lines": read_trail(found, signed_in_user(request)),
        }
        return render(request, "admin/organisasi/history.html", context)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: the services keep the one trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write nothing: the services keep the one trail."""

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """Lead back to the row's own page where the button stood there."""
        answer = super().response_action(request, queryset, *args)
        rows = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if request.POST.get("back") and len(rows) == 1 and self.get_object(request, rows[0]) is not None:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", rows[0])
        return answer

    def act(self, request: HttpRequest, rows: QuerySet[Any], step: Callable[[Any], object], done: str) -> None:
        """Take a step on each row by a service, and say of each what came of it."""
        for row in rows:
            try:
                step(row)
            except DomainError as refusal:
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: {done}", messages.SUCCESS)

    def is_one(self, request: HttpRequest, rows: QuerySet[Any]) -> bool:
        """Tell whether one row is chosen; what can't be taken back is done one by one."""
        if rows.count() <= 1:
            return True
        self.message_user(request, "Langkah ini dijalankan satu per satu. Pilih satu baris saja.", messages.ERROR)
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Write by a service."""
        raise NotImplementedError(f"{type(self).__name__} writes by a service")


def take_over(target: Model, source: Model) -> None:
    """Let the object that the admin goes on with be the one that the service wrote."""
    target.__dict__.update(source.__dict__)
