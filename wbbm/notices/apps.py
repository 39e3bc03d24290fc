"""App configuration of the inbox."""

import datetime

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Inbox, daily mail, and links to share."""

    name = "wbbm.notices"
    label = "notices"
    verbose_name = "Pemberitahuan"

    def ready(self) -> None:
        """Put the count of unread notices on the bell, learn of postings that wait, and register what is done daily."""
        from wbbm.jobs.clock import Window, register_daily
        from wbbm.organisasi.models import TimeZone
        from wbbm.organisasi.services.factor_resets import on_reset_asked, on_reset_done
        from wbbm.organisasi.services.factors import on_set_up
        from wbbm.organisasi.services.postings import on_waiting_posting
        from wbbm.organisasi.services.seals import on_head
        from wbbm.organisasi.shell import UNREAD
        from wbbm.organisasi.signed_in import add_fact

        from . import digests, services

        zones = tuple(TimeZone.values)

        register_daily("notices-mail", digests.send_daily, window=Window(digests.BEGINS, digests.ENDS, zones))
        register_daily("notices-daily", services.daily, window=Window(datetime.time(5), datetime.time(23), zones))
        add_fact(UNREAD, services.unread_count)
        on_waiting_posting(services.tell_of_waiting_posting)
        on_reset_asked(services.tell_of_asked_reset)
        on_reset_done(services.tell_of_done_reset)
        on_set_up(services.tell_of_awaited_factor)
        on_head(services.tell_of_head)
