"""App configuration of the public side."""

import datetime

from django.apps import AppConfig


class LayananConfig(AppConfig):
    """Services, tariffs, innovations, SIMBA, surveys, reports."""

    name = "layanan"
    verbose_name = "Layanan"

    def ready(self) -> None:
        """Register menu entries, guards, panels, the words of the trail, who reads files, and what is done daily."""
        from layanan import guards, navigation, panels, personal, readers, retention
        from layanan.acts import ACTS
        from layanan.services import (
            gratuity_notices,
            holiday_notices,
            public_figures,
            report_notices,
            survey_mixing,
        )
        from wbbm.jobs.clock import Window, register_daily
        from wbbm.jobs.registry import name_kinds
        from wbbm.organisasi.guards import register_guards
        from wbbm.organisasi.models import TimeZone
        from wbbm.organisasi.trail import register_acts

        navigation.register()
        name_kinds(
            {
                "gratuity-deadlines": "pengingat tenggat gratifikasi",
                "holiday-years": "pengingat hari libur",
                "simba-emptying": "pengosongan data pendaftar SIMBA",
                "survey-mixing": "pengacakan jawaban survei",
                "public-figures": "angka umum harian",
                "report-notices": "pengingat laporan warga",
            }
        )
        readers.register()
        register_guards(guards.guards)
        panels.register()
        retention.register()
        personal.register()
        window = Window(datetime.time(5), datetime.time(23), tuple(TimeZone.values))
        register_daily("gratuity-deadlines", gratuity_notices.daily, window=window)
        register_daily("holiday-years", holiday_notices.daily, window=window)
        register_acts(ACTS)
        # Soon after midnight; a laptop that was off does it when it is on again.
        night = Window(datetime.time(0, 10), datetime.time(23), tuple(TimeZone.values))
        register_daily("survey-mixing", survey_mixing.daily, window=night)
        register_daily("public-figures", public_figures.daily, window=night)
        window = Window(datetime.time(6), datetime.time(23), tuple(TimeZone.values))
        register_daily("report-notices", report_notices.daily, window=window)
