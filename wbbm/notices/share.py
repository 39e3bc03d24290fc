"""A link that hands a prepared text to WhatsApp: a plain link, opened by the person, to whom he likes."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings


def whatsapp_url(text: str, path: str, *, phone: str = "") -> str:
    """Return the link for a text and the page it leads to.

    Args:
        text: what is said, in Indonesian, without anybody's name and without what only the reader of the page may know.
        path: the page, from the root; SITE_URL stands before it.
        phone: to whom, as +62…, where the page knows it; otherwise the person chooses in WhatsApp.
    """
    mark = "DATA CONTOH, bukan keadaan sebenarnya. " if settings.IS_DEMO else ""
    number = "".join(sign for sign in phone if sign.isdigit())
    return f"https://wa.me/{number}?text={quote(f'{mark}{text} {settings.SITE_URL}{path}', safe='')}"
