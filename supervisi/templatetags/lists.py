"""The two links below a list that give it as a file."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from supervisi.lists.asked import Asked
from supervisi.services.list_files import list_address

register = template.Library()


@register.inclusion_tag("components/_list_links.html", takes_context=True)
def list_links(context: Any, name: str, pk: int | None = None, **changes: Any) -> dict[str, str]:
    """Link a list as CSV and XLSX, narrowed as the page is; `pk` is what the page is about."""
    request: HttpRequest = context.request
    asked = request.GET.dict() | {key: str(value) for key, value in changes.items() if value}
    if pk is not None:
        asked["id"] = str(pk)
    return {suffix: list_address(name, suffix, Asked.of(asked)) for suffix in ("csv", "xlsx")}
