"""A form that knows what its person saw: what somebody else changed since is not overwritten unseen."""

from __future__ import annotations

import datetime
from typing import cast

from django import forms
from django.http import QueryDict

_FORMAT = "%Y-%m-%dT%H:%M:%S.%f%z"


def seen_mark(changed_at: datetime.datetime) -> str:
    """Write a moment to the microsecond, as the hidden field reads it."""
    return changed_at.astimezone(datetime.UTC).strftime(_FORMAT)


class SeenForm(forms.Form):
    """Carries when the thing had been changed last."""

    seen = forms.DateTimeField(required=False, widget=forms.HiddenInput, input_formats=[_FORMAT])

    def show_conflict(self, message: str, changed_at: datetime.datetime) -> None:
        """Say what stands now; the entries stay, and sent once more they count."""
        self.add_error(None, f"{message} Isian Anda masih ada di bawah; kirim lagi bila memang itu yang berlaku.")
        data = cast(QueryDict, self.data).copy()
        data["seen"] = seen_mark(changed_at)
        self.data = data
