"""App configuration of supervision."""

from django.apps import AppConfig


class SupervisiConfig(AppConfig):
    """Visits, checklists, scores, dashboards."""

    name = "supervisi"
    verbose_name = "Supervisi"

    def ready(self) -> None:
        """Register the kinds of jobs and who may read evidence."""
        from supervisi import tasks

        tasks.register()
