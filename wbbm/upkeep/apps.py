"""App configuration of what keeps the portal running."""

import datetime

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    """Backups, retention, upgrades, and seeing how the portal does."""

    name = "wbbm.upkeep"
    label = "upkeep"
    verbose_name = "Pemeliharaan"

    def ready(self) -> None:
        """Register backups, rules of retention, what is done nightly, figures of health, who hears of dead jobs."""
        from wbbm.jobs.clock import Window, register_daily
        from wbbm.jobs.deaths import on_death
        from wbbm.jobs.registry import name_kinds
        from wbbm.organisasi.models import TimeZone
        from wbbm.organisasi.trail import register_acts
        from wbbm.upkeep import retention, rules, topics
        from wbbm.upkeep.backups import afterwards, nightly
        from wbbm.upkeep.health import own, safety, services, words

        nightly.register()
        register_acts({afterwards.ACT: "Portal dipulihkan dari cadangan"})
        rules.register()
        own.register()
        safety.register()
        on_death(services.tell_of_death)
        name_kinds(words.KINDS)
        register_acts(words.ACTS)
        topics.register()
        # Once a night for everybody; a laptop that was off does it when it is on again.
        night = Window(datetime.time(2), datetime.time(23), (TimeZone.WIB.value,))
        register_daily(retention.KIND, retention.nightly, window=night)
