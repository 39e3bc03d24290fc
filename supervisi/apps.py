"""App configuration of supervision."""

from django.apps import AppConfig


class SupervisiConfig(AppConfig):
    """Visits, checklists, scores, dashboards."""

    name = "supervisi"
    verbose_name = "Supervisi"

    def ready(self) -> None:
        """Register the kinds of jobs and who may read evidence."""
        from supervisi import guards, navigation, readers, tasks
        from supervisi.acts import ACTS
        from supervisi.services.scores import want_unit_anew
        from wbbm.organisasi.guards import register_guards
        from wbbm.organisasi.services.audit import register_personal
        from wbbm.organisasi.services.units import on_unit_change
        from wbbm.organisasi.trail import register_acts

        tasks.register()
        readers.register()
        register_guards(guards.guards)
        navigation.register()
        on_unit_change(want_unit_anew)
        register_acts(ACTS)
        register_personal("supervisi.visit", "team")
