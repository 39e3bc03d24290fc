"""App configuration of the organisation: units, people, postings, rights, audit trail."""

from django.apps import AppConfig


class OrganisasiConfig(AppConfig):
    """Units and people of the portal."""

    name = "wbbm.organisasi"
    label = "organisasi"
    verbose_name = "Organisasi"

    def ready(self) -> None:
        """Put the admin pages into the menu of admins."""
        from .models import Role
        from .shell import Entry, register_nav

        register_nav(Entry("Administrasi", "admin:index", frozenset({Role.ADMIN}), 90))
