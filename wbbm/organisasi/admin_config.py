"""App configuration of Django's admin with our site; apart from the site, which needs the models."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "wbbm.organisasi.admin_site.PortalAdminSite"
