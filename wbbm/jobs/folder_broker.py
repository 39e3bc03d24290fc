"""The bell of one machine, a folder: kombu's own, but a message appears whole or not at all.

kombu gives a message its name before it is written; a worker that looked in between read half of it and ended.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel that writes aside."""

    # kombu's two classes above name the second argument differently.
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        # Readers take what ends in the queue's name; both names lie in one folder, so the second is given at once.
        aside = Path(self.data_folder_out) / f"{name}.baru"
        try:
            aside.write_text(dumps(payload))
            aside.replace(aside.with_name(name))
        except OSError as fault:
            raise ChannelError(f"cannot add {name} to the folder of the queue") from fault


class Transport(filesystem.Transport):
    """The transport behind `filesystem://` (wbbm/celery.py)."""

    Channel = Channel
