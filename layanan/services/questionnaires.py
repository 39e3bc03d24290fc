"""Questionnaires come from files that ship; a version that was loaded never changes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from layanan.models import Questionnaire, SurveyKind
from wbbm.errors import DomainError

FOLDER = Path(__file__).resolve().parent.parent / "questionnaires"
# Statements and scale of each (SE MenPANRB 04/2023, PermenPANRB 14/2017): results go on from version to version.
SHAPES: dict[str, tuple[int, int]] = {SurveyKind.SPKP: (8, 6), SurveyKind.SPAK: (5, 6), SurveyKind.SKM: (9, 4)}


class QuestionnaireRefused(DomainError):
    """A questionnaire's file is wrong, or differs from what was loaded under its version."""

    code = "questionnaire"


def load_questionnaires() -> list[tuple[Questionnaire, bool]]:
    """Load every file once; return each with whether it is new.

    Raises:
        QuestionnaireRefused: nothing is loaded then.
    """
    with transaction.atomic():
        return [_load(path) for path in sorted(FOLDER.glob("*.yaml"))]


def _load(path: Path) -> tuple[Questionnaire, bool]:
    content = path.read_bytes()
    document = yaml.safe_load(content)
    check_shape(path.name, document)
    fields = {name: document[name] for name in ("title", "source", "scale", "ends", "labels", "statements")}
    digest = hashlib.sha256(content).hexdigest()
    found, is_new = Questionnaire.objects.get_or_create(
        code=document["code"],
        version=document["version"],
        defaults=fields | {"sha256": digest, "loaded_on": timezone.localdate()},
    )
    if any(getattr(found, name) != value for name, value in fields.items()):
        raise QuestionnaireRefused(
            f"{path.name}: isi kuesioner {found} berubah. Jawaban lama menunjuk isi lama; beri nomor versi baru."
        )
    return found, is_new


def check_shape(name: str, document: dict[str, Any]) -> None:
    """Refuse a questionnaire that doesn't have the statements and the scale of its kind.

    Raises:
        QuestionnaireRefused: with the name of the file.
    """
    shape = SHAPES.get(document.get("code", ""))
    if shape is None:
        raise QuestionnaireRefused(f"{name}: kode kuesioner harus salah satu dari {', '.join(SHAPES)}.")
    length, scale = shape
    aspects = {statement["aspect"] for statement in document["statements"]}
    if len(document["statements"]) != length or len(aspects) != length:
        raise QuestionnaireRefused(f"{name}: harus memuat {length} pernyataan dengan aspek yang berbeda.")
    if document["scale"] != scale or len(document["labels"]) != scale or len(document["ends"]) != 2:
        raise QuestionnaireRefused(f"{name}: skalanya harus 1 sampai {scale}, dengan satu kata untuk setiap nilai.")
