"""App configuration of what keeps the portal running."""

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    """Backups, retention, upgrades, and seeing how the portal does."""

    name = "wbbm.upkeep"
    label = "upkeep"
    verbose_name = "Pemeliharaan"
