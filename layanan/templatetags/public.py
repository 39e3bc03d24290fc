"""What the frame of a public page shows."""

from __future__ import annotations

from django import template
from django.urls import reverse

from layanan.navigation import PUBLIC
from wbbm.organisasi.shell import NavLink

register = template.Library()


@register.simple_tag
def public_nav(path: str) -> list[NavLink]:
    """Return the public menu; the entry under whose address the page lies is marked (no query)."""
    urls = {entry: reverse(entry.url_name) for entry in PUBLIC}
    current = max((url for url in urls.values() if path.startswith(url)), key=len, default="")
    return [NavLink(entry.label, url, url == current) for entry, url in urls.items()]
