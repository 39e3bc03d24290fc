"""App configuration of Django's admin with our site; apart from the site, which needs the models."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "wbbm.organisasi.admin_site.PortalAdminSite"

    def ready(self) -> None:
        """Take Django's groups out: rights come from postings alone."""
        super().ready()
        from django.contrib import admin
        from django.contrib.auth.models import Group

        if admin.site.is_registered(Group):
            admin.site.unregister(Group)
