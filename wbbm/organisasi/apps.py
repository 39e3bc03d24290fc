"""App configuration of the organisation: units, people, postings, rights, audit trail."""

from django.apps import AppConfig


class OrganisasiConfig(AppConfig):
    """Units and people of the portal."""

    name = "wbbm.organisasi"
    label = "organisasi"
    verbose_name = "Organisasi"

    def ready(self) -> None:
        """Put the admin pages into the menu of admins, and register the kinds of jobs."""
        from .models import Role
        from .services import resets
        from .shell import Entry, register_nav

        resets.register_job()

        register_nav(Entry("Administrasi", "admin:index", frozenset({Role.ADMIN}), 90))
