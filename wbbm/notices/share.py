"""A link that hands a prepared text to WhatsApp: a plain link, opened by the person, to whom he likes."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings


def whatsapp_url(text: str, path: str) -> str:
    """Return the link for a text and the page it leads to.

    Args:
        text: what is said, in Indonesian, without anybody's name and without what only the reader of the page may know.
        path: the page, from the root; SITE_URL stands before it.
    """
    mark = "DATA CONTOH, bukan keadaan sebenarnya. " if settings.IS_DEMO else ""
    return f"https://wa.me/?text={quote(f'{mark}{text} {settings.SITE_URL}{path}', safe='')}"
