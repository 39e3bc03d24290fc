"""App configuration of supervision."""

import datetime

from django.apps import AppConfig


class SupervisiConfig(AppConfig):
    """Visits, checklists, scores, dashboards."""

    name = "supervisi"
    verbose_name = "Supervisi"

    def ready(self) -> None:
        """Register the kinds of jobs, who may read files, and what is done daily."""
        from supervisi import guards, navigation, personal, readers, retention, tasks
        from supervisi.acts import ACTS
        from supervisi.pages.score_health import score_figures
        from supervisi.services import evidence_notices, oddity_scan, reply_notices, restored
        from supervisi.services.left_behind import tell_of_left_behind
        from supervisi.services.scores import want_unit_anew
        from supervisi.services.trees import keep_trees
        from supervisi.services.unit_changes import require_idle_below, take_along
        from wbbm.jobs.clock import Window, register_daily
        from wbbm.organisasi.guards import register_guards
        from wbbm.organisasi.models import TimeZone
        from wbbm.organisasi.services.audit import register_personal
        from wbbm.organisasi.services.postings import on_ended_posting
        from wbbm.organisasi.services.units import after_unit_move, before_unit_move, on_unit_change
        from wbbm.organisasi.trail import register_acts
        from wbbm.upkeep.backups.afterwards import register_check
        from wbbm.upkeep.health.figures import register_figure

        tasks.register()
        register_figure("Nilai", score_figures, order=15)
        readers.register()
        retention.register()
        personal.register()
        register_guards(guards.guards)
        navigation.register()
        window = Window(datetime.time(5), datetime.time(23), tuple(TimeZone.values))
        register_daily("reply-rounds", reply_notices.daily, window=window)
        register_daily("evidence-expiry", evidence_notices.daily, window=window)
        # Once a night for everybody; a laptop that was off looks when it is on again.
        night = Window(datetime.time(1), datetime.time(23), (TimeZone.WIB.value,))
        register_daily("oddities", oddity_scan.nightly, window=night)
        on_unit_change(want_unit_anew)
        before_unit_move(require_idle_below)
        before_unit_move(keep_trees)
        after_unit_move(take_along)
        on_ended_posting(tell_of_left_behind)
        register_acts(ACTS)
        register_check("Nilai", restored.wrong_scores)
        register_personal("supervisi.visit", "team")
