"""App configuration of the organisation: units, people, postings, rights, audit trail."""

from django.apps import AppConfig


class OrganisasiConfig(AppConfig):
    """Units and people of the portal."""

    name = "wbbm.organisasi"
    label = "organisasi"
    verbose_name = "Organisasi"

    def ready(self) -> None:
        """Put the admin pages into the menu of admins, and register the kinds of jobs."""
        from django.db.models import OuterRef, Subquery
        from django.db.models.signals import post_migrate, pre_migrate

        from . import audit_guards, guards
        from .models import Role, SecondFactor
        from .services import resets, seals
        from .shell import Entry, register_nav
        from .signed_in import FACTOR, add_fact

        resets.register_job()
        add_fact(FACTOR, lambda: Subquery(SecondFactor.objects.filter(user_id=OuterRef("pk")).values("pk")))
        seals.register()
        guards.register_guards(audit_guards.guards)
        pre_migrate.connect(guards.lift_before_migration, sender=self)
        post_migrate.connect(guards.install_after_migration, sender=self)

        register_nav(Entry("Administrasi", "admin:index", frozenset({Role.ADMIN}), 90))
