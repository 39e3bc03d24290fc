"""App configuration of the organisation: units, people, postings, rights, audit trail."""

from django.apps import AppConfig


class OrganisasiConfig(AppConfig):
    """Units and people of the portal."""

    name = "wbbm.organisasi"
    label = "organisasi"
    verbose_name = "Organisasi"
