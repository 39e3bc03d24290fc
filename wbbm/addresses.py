"""Addresses of rows, each worked out once: in a table of figures that lead somewhere it took longer than the rest."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=50_000)
def address_of(route: str, pk: int | None) -> str:
    """Return the address of a row's page; addresses stay the same while a process runs."""
    return reverse(route, args=[pk])
