"""Bring an installation up to date before it serves: tables, instruments, tariffs, static files, demo data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from supervisi.documents.render import PACKAGES, CannotRender, load_weasyprint
from wbbm.organisasi.guards import missing_guards


class Command(BaseCommand):
    """Run the steps that are due; a second run takes a moment."""

    help = "Menyiapkan basis data, instrumen, berkas statis, dan data contoh bila DEMO=1."

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Check the database too: example data and real data are never mixed."""
        return {"databases": ["default"]}

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, load instruments, collect static files, seed the demo."""
        executor = MigrationExecutor(connection)
        # A release may bring a guard and no migration: `migrate` installs it all the same.
        if executor.migration_plan(executor.loader.graph.leaf_nodes()) or missing_guards():
            self.stdout.write("Menyiapkan basis data ...")
            call_command("migrate", interactive=False, verbosity=0)
        if self._static_is_due():
            call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_instruments", verbosity=0)
        call_command("load_catalogue", verbosity=0)
        call_command("load_questionnaires", verbosity=0)
        if settings.IS_DEMO:
            call_command("seed_demo")
        self._tell_of_libraries()

    def _tell_of_libraries(self) -> None:
        """Say what to install where no documents can be made; everything else works without."""
        try:
            load_weasyprint()
        except CannotRender:
            text = "Dokumen PDF belum dapat dibuat di mesin ini; bagian lain tidak terganggu. Pasang: "
            self.stderr.write(f"{text}apt-get install {PACKAGES}")

    def _static_is_due(self) -> bool:
        """Tell whether a static file is newer than the collection."""
        manifest = settings.STATIC_ROOT / "staticfiles.json"
        if not manifest.exists():
            return True
        collected = manifest.stat().st_mtime
        for finder in get_finders():
            for path, storage in finder.list([]):
                if storage.get_modified_time(path).timestamp() > collected:
                    return True
        return False
