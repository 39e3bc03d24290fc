"""The form of a handover: who leads a visit from now on."""

from __future__ import annotations

from typing import Any

from django import forms

from supervisi.forms.visits import PersonChoice, supervisors_above
from supervisi.models import Visit
from wbbm.organisasi.models import User


class NewLeaderForm(forms.Form):
    """Another leader for one visit."""

    new_leader = PersonChoice(
        label="Ketua tim baru",
        queryset=User.objects.none(),
        empty_label="Pilih orangnya",
        error_messages={"required": "Pilih ketua tim baru.", "invalid_choice": "Pilih orang dari daftar ini."},
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        kwargs["prefix"] = f"visit-{visit.pk}"
        super().__init__(*args, **kwargs)
        ids, offices = supervisors_above(visit.unit)
        field = self.fields["new_leader"]
        assert isinstance(field, PersonChoice)
        field.queryset = User.objects.filter(pk__in=ids).exclude(pk=visit.team_leader_id).order_by("name")
        field.offices = offices
        # The choices were made before the offices were known.
        field.widget.choices = field.choices
