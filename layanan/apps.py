"""App configuration of the public side."""

from django.apps import AppConfig


class LayananConfig(AppConfig):
    """Services, tariffs, innovations, SIMBA, surveys, reports."""

    name = "layanan"
    verbose_name = "Layanan"

    def ready(self) -> None:
        """Register menu entries, guards and the words of the trail."""
        from layanan import guards, navigation
        from layanan.acts import ACTS
        from wbbm.organisasi.guards import register_guards
        from wbbm.organisasi.trail import register_acts

        navigation.register()
        register_guards(guards.guards)
        register_acts(ACTS)
