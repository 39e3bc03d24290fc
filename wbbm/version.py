"""Which release this is, and which pages of older ones it still understands. The only place that says so."""

from __future__ import annotations

# The release, as CHANGELOG.md heads it; the work on the next one stands there under "Belum dirilis".
VERSION = "2026.11"
# What a page and the server say to each other: raised when a page of before could no longer be understood.
PAGE = 1
# Pages from this one on are still understood; raise it together with PAGE only where nothing else helps.
OLDEST_PAGE = 1
