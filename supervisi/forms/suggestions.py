"""The forms of a proposal: taken as it is, or corrected with a reason."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import QueryDict

from supervisi.forms.replies import ChangeForm
from supervisi.scoring.instrument import Item
from supervisi.services.operations import VERSION_LIMIT, InvalidOperation
from supervisi.services.suggestions import Decision

CORRECT = "correct"


class CorrectionForm(ChangeForm):
    """The answer that is right instead, and why."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        """Offer every answer that the item takes."""
        options = tuple((option.code, f"{option.code}: {option.criterion}") for option in item.options)
        super().__init__(*args, item=item, better=options, auto_id=f"id-{item.code}-%s", **kwargs)


def first_values(item: Item, raw: Any) -> dict[str, Any]:
    """Return a correction's fields as the proposal would fill them."""
    if isinstance(raw, dict):
        return {f"input-{key}": value for key, value in raw.items()}
    return {"answer": raw}


def read_decision(data: QueryDict, item_code: str, form: CorrectionForm | None) -> Decision:
    """Read which button was pressed on which figures.

    Raises:
        InvalidOperation: what the page sent along can't be read.
    """
    try:
        number, version = uuid.UUID(data.get("uuid", "")), int(data.get("base", ""))
    except ValueError as fault:
        raise InvalidOperation("Kiriman tidak terbaca. Muat ulang halaman, lalu coba lagi.") from fault
    if not 0 <= version <= VERSION_LIMIT:
        raise InvalidOperation("Kiriman tidak terbaca. Muat ulang halaman, lalu coba lagi.")
    return Decision(
        item_code=item_code,
        digest=data.get("digest", "")[:64],
        base_version=version,
        uuid=number,
        answer=None if form is None else form.answer,
        reason="" if form is None else form.cleaned_data["text"],
    )


def is_correction(data: QueryDict) -> bool:
    """Tell whether the answer is corrected rather than taken as proposed."""
    return data.get("act") == CORRECT
