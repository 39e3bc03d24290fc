"""New versions of instruments before they are published, and what they would change (docs/keputusan/0012)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.access import nothing
from wbbm.organisasi.models import Posting, Role, Unit

from .checklists import Checklist, Layer
from .instruments import Instrument

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class DraftStatus(models.TextChoices):
    """States of a new version; a discarded one is gone with its file."""

    DRAFT = "draft", "Rancangan"
    PUBLISHED = "published", "Terbit"


class EffectStatus(models.TextChoices):
    """States of a computed effect."""

    REQUESTED = "requested", "Menunggu giliran"
    WORKING = "working", "Sedang dihitung"
    READY = "ready", "Selesai dihitung"
    FAILED = "failed", "Gagal dihitung"


class Outcome(models.IntegerChoices):
    """What becomes of a unit's verdicts, the gravest first."""

    LOSES = 0, "Kehilangan predikat"
    GAINS = 1, "Mendapat predikat"
    UNSURE = 2, "Belum dapat dipastikan"
    SAME = 3, "Tetap"


def _paths_of_tops(user: User) -> list[str]:
    return [p.unit.path for p in user.scope.postings if p.role == Role.ADMIN and p.unit.depth == 1]


class InstrumentDraftQuerySet(models.QuerySet["InstrumentDraft"]):
    """Named reads over drafts."""

    def visible_to(self, user: User) -> Self:
        """Keep those of the tree at whose top the person is admin; nobody else sees a version that isn't published."""
        paths = _paths_of_tops(user)
        return self.filter(models.Q(unit__path__in=paths) if paths else nothing())

    def unpublished(self) -> Self:
        """Keep what may still be changed or discarded."""
        return self.filter(status=DraftStatus.DRAFT)

    def published(self) -> Self:
        """Keep what has become an instrument."""
        return self.filter(status=DraftStatus.PUBLISHED)

    def with_frame(self) -> Self:
        """Load along what its pages name; without the file and the old version's content."""
        return self.select_related("unit", "base", "instrument", "uploaded_by", "published_by").defer(
            "source", "base__definition", "instrument__definition"
        )


class InstrumentDraft(models.Model):
    """A new version of an instrument as it was uploaded. It is no Instrument: no sheet can be made on it.

    `crosswalk`: ``[[old code, new code or null, how, likeness in percent], …]``, one line for each item of `base`,
    where how is `code` or `text` (proposed by), `none` (nothing alike was found) or `person`.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan puncak")
    base = models.ForeignKey(Instrument, models.PROTECT, related_name="successors", verbose_name="versi lama")
    code = models.SlugField("kode", max_length=40)
    version = models.CharField("versi", max_length=40)
    name = models.CharField("nama", max_length=200)
    file_name = models.CharField(max_length=120)
    file_size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    source = models.TextField("isi berkas")
    definition = models.JSONField()
    crosswalk = models.JSONField("padanan")
    crosswalk_version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=DraftStatus, default=DraftStatus.DRAFT)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    instrument = models.OneToOneField(Instrument, models.PROTECT, null=True, related_name="draft")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects = InstrumentDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "rancangan versi instrumen"
        verbose_name_plural = "rancangan versi instrumen"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="instrument_draft_once"),
            models.CheckConstraint(
                name="instrument_draft_published",
                condition=models.Q(status=DraftStatus.DRAFT, instrument__isnull=True, published_at__isnull=True)
                | models.Q(status=DraftStatus.PUBLISHED, instrument__isnull=False, published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.version})"

    def get_absolute_url(self) -> str:
        """Return the page of the difference."""
        return reverse("supervisi:instrument-draft", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        """Tell whether it may still be changed."""
        return self.status == DraftStatus.DRAFT

    @property
    def pairs(self) -> dict[str, str | None]:
        """The crosswalk: old code → new code, or nothing."""
        return {old: new for old, new, *_ in self.crosswalk}


class InstrumentEffectQuerySet(models.QuerySet["InstrumentEffect"]):
    """Named reads over effects."""

    def visible_to(self, user: User) -> Self:
        """Keep the effects of drafts that the person sees."""
        paths = _paths_of_tops(user)
        return self.filter(models.Q(draft__unit__path__in=paths) if paths else nothing())

    def at_work(self) -> Self:
        """Keep what waits for the worker or is in its hands."""
        return self.filter(status__in=[EffectStatus.REQUESTED, EffectStatus.WORKING])


class InstrumentEffect(models.Model):
    """What a draft would change, as last computed. `basis` is the hash of everything that it was computed on.

    `summary`: ``{"outcomes": {outcome: units}, "older": units whose counting sheet is on an older version,
    "predicates": {code: {"label", "loses", "gains", "unsure"}}, "missing": items that no answer is carried to}``.
    """

    draft = models.OneToOneField(InstrumentDraft, models.CASCADE, related_name="effect")
    status = models.CharField(max_length=10, choices=EffectStatus, default=EffectStatus.REQUESTED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.TextField(blank=True)
    crosswalk_version = models.PositiveIntegerField(default=0)
    basis = models.CharField(max_length=64, blank=True)
    summary = models.JSONField(default=dict)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    computed_at = models.DateTimeField(null=True)

    objects = InstrumentEffectQuerySet.as_manager()

    class Meta:
        verbose_name = "dampak versi instrumen"
        verbose_name_plural = "dampak versi instrumen"

    def __str__(self) -> str:
        return f"Dampak {self.draft_id}"

    @property
    def is_at_work(self) -> bool:
        """Tell whether the worker has it, or will."""
        return self.status in {EffectStatus.REQUESTED, EffectStatus.WORKING}

    @property
    def has_failed(self) -> bool:
        """Tell whether somebody has to ask again."""
        return self.status == EffectStatus.FAILED


class EffectLineQuerySet(models.QuerySet["EffectLine"]):
    """Named reads over lines."""

    def visible_to(self, user: User) -> Self:
        """Keep those of the tree at whose top the person is admin; never of a unit where he is assessed himself."""
        top = nothing()
        for path in _paths_of_tops(user):
            top |= models.Q(unit__path__startswith=path)
        return self.filter(top).exclude(unit__path__in=sorted(user.scope.standing_paths))

    def with_outcome(self, outcome: int) -> Self:
        """Keep the units with one outcome."""
        return self.filter(outcome=outcome)


class EffectLine(models.Model):
    """One unit: its counting sheet by the old version, and by the new one with the answers that are carried over.

    `verdicts`: ``[[code, label, passed by the old, surely passed by the new, possibly passed by the new], …]``; surely
    and possibly differ by the items without an answer, taken as nothing and as full. Scores in 10⁻¹⁰.
    """

    effect = models.ForeignKey(InstrumentEffect, models.CASCADE, related_name="lines")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="+")
    layer = models.CharField(max_length=12, choices=Layer)
    outcome = models.PositiveSmallIntegerField(choices=Outcome)
    before = models.BigIntegerField()
    provisional = models.BigIntegerField()
    complete = models.BigIntegerField()
    unanswered = models.PositiveIntegerField()
    verdicts = models.JSONField()

    objects = EffectLineQuerySet.as_manager()

    class Meta:
        verbose_name = "dampak pada satuan"
        verbose_name_plural = "dampak pada satuan"
        ordering = ["outcome", "unit__path"]
        constraints = [models.UniqueConstraint(fields=["effect", "unit"], name="effect_line_once")]
        indexes = [models.Index(fields=["effect", "outcome"], name="effect_line_outcome")]

    def __str__(self) -> str:
        return f"{self.unit_id}: {self.get_outcome_display()}"
