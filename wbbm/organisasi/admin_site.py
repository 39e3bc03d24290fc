"""Django's admin, for people with an admin posting; it signs in by the portal's own page."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme

from .models import Role
from .views import sign_out

_ORDER = {name: place for place, name in enumerate(("Unit", "User", "Posting", "HeldPredicate", "Period"))}


class PortalAdminSite(admin.AdminSite):
    """The administration of units, people, postings and periods."""

    site_header = "Administrasi Zona Integritas"
    site_title = "Administrasi"
    index_title = "Yang Anda kelola"
    site_url = "/dasbor/"
    enable_nav_sidebar = False
    index_template = "admin/organisasi/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Ask the postings of this moment."""
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.scope.has_role(Role.ADMIN))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """List what is used most first."""
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(key=lambda entry: _ORDER.get(entry["object_name"], len(_ORDER)))
        return found

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Refuse who is signed in without the right at once, by 403, whatever the page."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, guarded)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Leave out "view on site": it would tell foreign objects from missing ones."""
        return [found for found in super().get_urls() if getattr(found, "name", "") != "view_on_site"]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in by the portal's page; whoever is signed in without the right is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        target = wanted if is_ours else reverse("admin:index")
        return redirect(target) if request.user.is_authenticated else redirect_to_login(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out by the portal's page."""
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change the password on the portal's page."""
        return redirect("change-password")
