"""Django's admin, for people with an admin posting; it signs in by the portal's own page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from .models import Role


class PortalAdminSite(admin.AdminSite):
    """The administration of units, people, postings and periods."""

    site_header = "Administrasi Zona Integritas"
    site_title = "Administrasi"
    index_title = "Yang Anda kelola"
    site_url = "/dasbor/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Ask the postings of this moment."""
        user = request.user
        return bool(user.is_authenticated and user.is_active and user.scope.has_role(Role.ADMIN))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in by the portal's page; whoever is signed in without the right is told so."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.get_full_path())

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out by the portal's page."""
        return redirect("sign-out")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change the password on the portal's page."""
        return redirect("change-password")
