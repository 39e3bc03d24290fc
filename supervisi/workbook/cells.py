"""Texts of a workbook's cells: no text becomes a formula, and what was written is read again as it was."""

from __future__ import annotations

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# A spreadsheet's cell holds no more.
CELL_LIMIT = 32_000


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula; `plain` undoes it."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_SIGNS) else text


def plain(text: str) -> str:
    """Return the text that was made harmless."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_SIGNS) else text
