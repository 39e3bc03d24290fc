"""Admin pages of units, people, postings, held predicates and the audit trail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from wbbm.errors import DomainError

from .admin_base import ScopedAdmin, take_over
from .http import signed_in_user
from .models import AuditEvent, HeldPredicate, Posting, Role, Unit, User
from .services import links, people, postings, units


class UnitForm(ModelForm):
    """A unit; UnitAdmin puts a fresh field in the place of "parent"."""

    parent = forms.ModelChoiceField(queryset=Unit.objects.none())

    class Meta:
        model = Unit
        fields = ("code", "name", "kind", "latitude", "longitude", "own_time_zone", "active_from", "active_to")


@admin.register(Unit)
class UnitAdmin(ScopedAdmin):
    """Units in the admin's reach."""

    unit_path = "path"
    form = UnitForm
    list_display = ("name", "kind", "code", "active_from", "active_to")
    list_filter = ("kind",)
    change_list_template = "admin/organisasi/importable_list.html"
    search_fields = ("name", "code")
    ordering = ("path",)

    def fresh_fields(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Search the unit above among those in reach; a unit that is there is moved by it."""
        parents = self.get_queryset(request)
        if obj is None:
            return {"parent": self.unit_field("Di bawah satuan", parents)}
        above = Unit.objects.get_parent(obj)
        parents = parents.exclude(path__startswith=obj.path)
        first = above.pk if above is not None and parents.filter(pk=above.pk).exists() else None
        text = "Memilih satuan lain memindahkan satuan ini beserta semua di bawahnya."
        return {"parent": self.unit_field("Di bawah satuan", parents, required=False, initial=first, help_text=text)}

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Create, change or move by the services."""
        fields: dict[str, Any] = {name: form.cleaned_data.get(name) for name in UnitForm.Meta.fields}
        parent: Any = form.cleaned_data.get("parent")
        user = signed_in_user(request)
        if not change:
            take_over(obj, units.create_unit(parent=parent, by=user, **fields))
            return
        stored = Unit.objects.get(pk=obj.pk)
        units.update_unit(unit=stored, by=user, **fields)
        above = Unit.objects.get_parent(stored)
        if parent is not None and (above is None or parent.pk != above.pk):
            units.move_unit(unit=stored, new_parent=parent, by=user)


class PersonForm(ModelForm):
    """A person; never a password. UserAdmin puts a fresh field in the place of "home_unit"."""

    home_unit = forms.ModelChoiceField(queryset=Unit.objects.none())

    class Meta:
        model = User
        fields = ("username", "nrp", "name", "rank", "email")


@admin.register(User)
class UserAdmin(ScopedAdmin):
    """People posted in the admin's reach; closed, never deleted."""

    form = PersonForm
    change_list_template = "admin/organisasi/importable_list.html"
    list_display = ("username", "name", "rank", "nrp", "state")
    search_fields = ("username", "name", "nrp")
    ordering = ("name",)
    readonly_fields = ("state",)
    actions = ("close_people", "reopen_people", "clear_lockouts", "end_sessions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Keep people with a posting in reach, and those whom this admin added and nobody has posted yet."""
        user = signed_in_user(request)
        posted = Posting.objects.filter(user.scope.within("unit__path", Role.ADMIN)).order_by().values("user_id")
        added = AuditEvent.objects.filter(
            user.scope.within("unit__path", Role.ADMIN), action="person.created", object_type="organisasi.user"
        )
        fresh = [int(pk) for pk in added.values_list("object_id", flat=True)]
        unposted = User.objects.filter(pk__in=fresh, postings__isnull=True).values("pk")
        return User.objects.filter(pk__in=posted) | User.objects.filter(pk__in=unposted)

    def fresh_fields(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Ask for the unit of a new person."""
        if obj is not None:
            return {"home_unit": None}
        reach = Unit.objects.filter(signed_in_user(request).scope.within("path", Role.ADMIN))
        text = "Satuan tempat ia bertugas; penugasannya ditambahkan kemudian."
        return {"home_unit": self.unit_field("Satuan", reach, help_text=text)}

    @admin.display(description="keadaan")
    def state(self, person: User) -> str:
        """Say whether the person can sign in."""
        if person.closed_at is not None:
            return "ditutup"
        return "aktif" if person.has_usable_password() else "belum membuat kata sandi"

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Create or change by the services."""
        fields: dict[str, Any] = {name: form.cleaned_data.get(name) for name in PersonForm.Meta.fields}
        user = signed_in_user(request)
        if change:
            people.update_person(person=User.objects.get(pk=obj.pk), by=user, **fields)
        else:
            take_over(obj, people.create_person(by=user, unit=form.cleaned_data["home_unit"], **fields))

    def _each(self, request: HttpRequest, rows: QuerySet[User], act: Any, done: str) -> None:
        for person in rows:
            try:
                act(person)
            except DomainError as refusal:
                self.message_user(request, f"{person}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{person}: {done}", messages.SUCCESS)

    @admin.action(description="Tutup akun yang dipilih")
    def close_people(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Close people; their postings end."""
        self._each(
            request, rows, lambda person: people.close_person(person=person, by=signed_in_user(request)), "akun ditutup"
        )

    @admin.action(description="Buka kembali akun yang dipilih")
    def reopen_people(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Open closed people again."""
        self._each(
            request, rows, lambda person: people.reopen_person(person=person, by=signed_in_user(request)), "akun dibuka"
        )

    @admin.action(description="Hapus penguncian setelah salah kata sandi")
    def clear_lockouts(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Let people try again at once."""
        self._each(
            request,
            rows,
            lambda person: links.clear_lockouts(user=person, by=signed_in_user(request)),
            "dapat mencoba lagi",
        )

    @admin.action(description="Keluarkan dari semua perangkat")
    def end_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Sign people out everywhere."""

        def act(person: User) -> None:
            people.require_reach(signed_in_user(request), person)
            people.end_sessions(person=person, by=signed_in_user(request))

        self._each(request, rows, act, "sudah dikeluarkan")


class PostingForm(ModelForm):
    """A posting; person, unit and role are chosen once."""

    class Meta:
        model = Posting
        fields = ("user", "unit", "role", "title", "kind", "starts_on", "ends_on")


@admin.register(Posting)
class PostingAdmin(ScopedAdmin):
    """Postings in the admin's reach."""

    form = PostingForm
    list_display = ("title", "user", "unit", "role", "kind", "starts_on", "ends_on", "state")
    list_filter = ("role", "kind")
    search_fields = ("title", "user__name", "user__username", "unit__name")
    autocomplete_fields = ("user", "unit")
    list_select_related = ("user", "unit")
    actions = ("approve", "end_now")

    @admin.display(description="keadaan")
    def state(self, posting: Posting) -> str:
        """Say whether the posting runs."""
        if posting.approved_at is None:
            return "menunggu admin kedua"
        return "berjalan" if posting.runs_on(timezone.localdate()) else "tidak berjalan"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix person, unit, role and first day once the posting is there."""
        return ("user", "unit", "role", "starts_on", "state") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Add or correct by the services."""
        values = form.cleaned_data
        user = signed_in_user(request)
        if change:
            stored = Posting.objects.select_related("user", "unit").get(pk=obj.pk)
            kept: dict[str, Any] = {name: values.get(name) for name in ("title", "kind", "ends_on")}
            postings.change_posting(posting=stored, by=user, **kept)
            return
        facts: dict[str, Any] = {name: values.get(name) for name in PostingForm.Meta.fields}
        made = postings.add_posting(by=user, **facts)
        if made.approved_at is None:
            self.message_user(request, "Penugasan ini menunggu persetujuan admin kedua.", messages.WARNING)
        take_over(obj, made)

    def _each(self, request: HttpRequest, rows: QuerySet[Posting], act: Any, done: str) -> None:
        for posting in rows.select_related("user", "unit"):
            try:
                act(posting)
            except DomainError as refusal:
                self.message_user(request, f"{posting}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{posting}: {done}", messages.SUCCESS)

    @admin.action(description="Setujui penugasan yang dipilih (admin kedua)")
    def approve(self, request: HttpRequest, rows: QuerySet[Posting]) -> None:
        """Approve as the second admin."""
        self._each(
            request,
            rows,
            lambda posting: postings.approve_posting(posting=posting, by=signed_in_user(request)),
            "disetujui",
        )

    @admin.action(description="Akhiri penugasan yang dipilih sekarang")
    def end_now(self, request: HttpRequest, rows: QuerySet[Posting]) -> None:
        """End with the next request of their holders."""
        self._each(
            request, rows, lambda posting: postings.end_posting(posting=posting, by=signed_in_user(request)), "berakhir"
        )


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


@admin.register(AuditEvent)
class AuditEventAdmin(ScopedAdmin):
    """The trail of units, people and postings, to read."""

    list_display = ("at", "action", "object_label", "unit", "actor", "posting")
    search_fields = ("object_label", "action")
    list_select_related = ("unit", "actor", "posting")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Keep the organisation's events of units in reach."""
        return super().get_queryset(request).filter(object_type__startswith="organisasi.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The trail is written by services only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The trail is never changed."""
        return False
