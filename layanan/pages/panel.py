"""A panel that a topic adds to the public pages."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class Panel:
    """A part of a page: the template that shows it, and what that template calls `panel`."""

    template: str
    content: Any


# Reads the panel of a unit on a day, in one query if it can; None where there is nothing to show.
PanelReader = Callable[[Unit, datetime.date], Panel | None]
