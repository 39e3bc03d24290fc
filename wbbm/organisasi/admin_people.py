"""Admin pages of people and postings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join

from .access import local_day
from .admin_base import ScopedAdmin, take_over
from .clock import moment_text
from .http import signed_in_user
from .models import AccessLink, Posting, Role, SecondFactor, Unit, User
from .services import factor_approvals, factors, links, people, postings


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
    list_display = ("username", "name", "rank", "nrp", "state", "has_factor")
    search_fields = ("username", "name", "nrp")
    ordering = ("name",)
    actions = ("reopen_people", "clear_lockouts", "end_sessions", "require_own_password", "close_people")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Keep people with a posting in reach, and those who were added there and nobody has posted yet."""
        known = SecondFactor.objects.filter(user=OuterRef("pk"))
        return User.objects.administered_by(signed_in_user(request)).annotate(factor=Exists(known))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show what else is known of a person who is there."""
        return ("state", "offices", "factor_state", "lock", "open_links") if obj is not None else ()

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
            return f"ditutup {moment_text(person.closed_at)}"
        if person.must_change_password:
            return "harus membuat kata sandi baru"
        return "aktif" if person.has_usable_password() else "belum membuat kata sandi"

    @admin.display(description="faktor kedua", boolean=True)
    def has_factor(self, person: User) -> bool:
        """Say whether the person has a second factor."""
        return bool(vars(person)["factor"])

    @admin.display(description="faktor kedua")
    def factor_state(self, person: User) -> str:
        """Say since when the person has a second factor, or that an office asks for one; never its key."""
        state = factors.read_state(person)
        if state.since is not None:
            waits = ", menunggu konfirmasi admin" if factor_approvals.is_awaited(person) else ""
            return f"terpasang {moment_text(state.since)}, {state.codes_left} kode pemulihan tersisa{waits}"
        return "belum terpasang (wajib)" if factors.is_required(person) else "belum terpasang"

    @admin.display(description="penugasan")
    def offices(self, person: User) -> str:
        """List the postings, the latest first, each with its page."""
        rows = [
            (reverse("admin:organisasi_posting_change", args=[office.pk]), office, office.unit, state_of(office))
            for office in person.postings.select_related("unit")
        ]
        return format_html_join("\n", '<div><a href="{}">{}, {}</a>: {}</div>', rows) or "belum ada"

    @admin.display(description="percobaan masuk")
    def lock(self, person: User) -> str:
        """Say whether wrong passwords lock the person out."""
        count, until = links.lock_notes(person)
        if until is None:
            return "tidak terkunci"
        return f"terkunci dari {count} alamat, paling lama sampai {moment_text(until, form='H.i')}"

    @admin.display(description="tautan sekali pakai")
    def open_links(self, person: User) -> str:
        """Say whether a link waits to be used."""
        link = AccessLink.objects.filter(user=person).usable(timezone.now()).order_by("-expires_at").first()
        return f"belum dipakai, berlaku sampai {moment_text(link.expires_at)}" if link is not None else "tidak ada"

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Create or change by the services."""
        fields: dict[str, Any] = {name: form.cleaned_data.get(name) for name in PersonForm.Meta.fields}
        user = signed_in_user(request)
        if change:
            people.update_person(person=User.objects.get(pk=obj.pk), by=user, **fields)
            return
        take_over(obj, people.create_person(by=user, unit=form.cleaned_data["home_unit"], **fields))
        text = "Berikutnya: tambahkan penugasannya, lalu buat tautan sekali pakai di halaman orang ini."
        self.message_user(request, text, messages.INFO)

    @admin.action(description="Tutup akun (satu orang)")
    def close_people(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Close a person; the postings end."""
        reason = request.POST.get("reason", "").strip()[:500]
        if self.is_one(request, rows):
            self.act(
                request,
                rows,
                lambda person: people.close_person(person=person, by=signed_in_user(request), reason=reason),
                "akun ditutup",
            )

    @admin.action(description="Buka kembali akun yang dipilih")
    def reopen_people(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Open closed people again."""
        by = signed_in_user(request)
        self.act(request, rows, lambda person: people.reopen_person(person=person, by=by), "akun dibuka")

    @admin.action(description="Hapus penguncian setelah salah kata sandi")
    def clear_lockouts(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Let people try again at once."""
        by = signed_in_user(request)
        self.act(request, rows, lambda person: links.clear_lockouts(user=person, by=by), "dapat mencoba lagi")

    @admin.action(description="Keluarkan dari semua perangkat")
    def end_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Sign people out everywhere."""
        by = signed_in_user(request)
        self.act(request, rows, lambda person: people.end_sessions(person=person, by=by), "sudah dikeluarkan")

    @admin.action(description="Minta kata sandi baru saat masuk")
    def require_own_password(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Ask people for a new password of their own."""
        by = signed_in_user(request)
        self.act(
            request,
            rows,
            lambda person: people.require_own_password(person=person, by=by),
            "harus membuat kata sandi baru",
        )


class PostingForm(ModelForm):
    """A posting; person, unit and role are chosen once."""

    class Meta:
        model = Posting
        fields = ("user", "unit", "role", "title", "kind", "starts_on", "ends_on")


def state_of(posting: Posting) -> str:
    """Say whether a posting runs, in words."""
    today = local_day(posting.unit)
    if posting.withdrawn_at is not None:
        return "dicabut"
    if posting.has_ended_by(today):
        return "sudah berakhir"
    if posting.approved_at is None:
        return "menunggu admin kedua"
    return "berjalan" if posting.starts_on <= today else "belum mulai"


@admin.register(Posting)
class PostingAdmin(ScopedAdmin):
    """Postings in the admin's reach."""

    form = PostingForm
    list_display = ("__str__", "user", "unit", "role", "starts_on", "ends_on", "state")
    list_filter = ("role", "kind")
    search_fields = ("title", "user__name", "user__username", "unit__name")
    autocomplete_fields = ("user", "unit")
    list_select_related = ("user", "unit")
    actions = ("approve", "end_now")

    @admin.display(description="keadaan")
    def state(self, posting: Posting) -> str:
        """Say whether the posting runs."""
        return state_of(posting)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix person, unit, role and first day once the posting is there."""
        return ("user", "unit", "role", "starts_on", "state") if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep one order, whatever can be written."""
        return PostingForm.Meta.fields if obj is None else (*PostingForm.Meta.fields, "state")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Tell the page which steps the posting can take."""
        obj = kwargs.get("obj")
        is_over = obj is not None and obj.has_ended_by(local_day(obj.unit))
        context |= {"can_end": not is_over, "is_waiting": obj is not None and obj.approved_at is None and not is_over}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose today as the first day."""
        return {"starts_on": timezone.localdate()} | super().get_changeform_initial_data(request)

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

    @admin.action(description="Setujui penugasan yang dipilih (admin kedua)")
    def approve(self, request: HttpRequest, rows: QuerySet[Posting]) -> None:
        """Approve as the second admin."""
        by = signed_in_user(request)
        chosen = rows.select_related("user", "unit")
        self.act(request, chosen, lambda posting: postings.approve_posting(posting=posting, by=by), "disetujui")

    @admin.action(description="Akhiri penugasan sekarang (satu penugasan)")
    def end_now(self, request: HttpRequest, rows: QuerySet[Posting]) -> None:
        """End with the next request of its holder."""
        by = signed_in_user(request)
        reason = request.POST.get("reason", "").strip()[:500]
        if self.is_one(request, rows):
            self.act(
                request,
                rows.select_related("user", "unit"),
                lambda posting: postings.end_posting(posting=posting, by=by, reason=reason),
                "berakhir",
            )
