"""App configuration of the public side."""

import datetime

from django.apps import AppConfig


class LayananConfig(AppConfig):
    """Services, tariffs, innovations, SIMBA, surveys, reports."""

    name = "layanan"
    verbose_name = "Layanan"

    def ready(self) -> None:
        """Register menu entries, readers of files, guards, what is done daily, and the words of the trail."""
        from layanan import guards, navigation, readers
        from layanan.acts import ACTS
        from layanan.services import gratuity_notices
        from wbbm.jobs.clock import Window, register_daily
        from wbbm.organisasi.guards import register_guards
        from wbbm.organisasi.models import TimeZone
        from wbbm.organisasi.trail import register_acts

        navigation.register()
        readers.register()
        register_guards(guards.guards)
        window = Window(datetime.time(5), datetime.time(23), tuple(TimeZone.values))
        register_daily("gratuity-deadlines", gratuity_notices.daily, window=window)
        register_acts(ACTS)
