"""Load the questionnaires that ship."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from layanan.services.questionnaires import QuestionnaireRefused, load_questionnaires


class Command(BaseCommand):
    """Load every file once; refuse a changed file under an old version."""

    help = "Memuat kuesioner survei. Boleh dijalankan berulang kali."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and report."""
        try:
            loaded = load_questionnaires()
        except QuestionnaireRefused as fault:
            raise CommandError(fault.message) from fault
        if options["verbosity"] > 0:
            for questionnaire, is_new in loaded:
                self.stdout.write(f"{questionnaire}: {'dimuat' if is_new else 'sudah ada'}")
