"""App configuration of the inbox."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Inbox, daily mail, and links to share."""

    name = "wbbm.notices"
    label = "notices"
    verbose_name = "Pemberitahuan"

    def ready(self) -> None:
        """Put the count of unread notices on the bell, and learn of postings that wait."""
        from wbbm.organisasi.auth import add_fact
        from wbbm.organisasi.services.postings import on_waiting_posting
        from wbbm.organisasi.shell import UNREAD

        from . import services

        add_fact(UNREAD, services.unread_count)
        on_waiting_posting(services.tell_of_waiting_posting)
