"""The right of reply: a dated round on a disclosed sheet, one reply for each item that was marked down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting

from .checklists import Checklist
from .instruments import Item

if TYPE_CHECKING:
    import datetime

    from wbbm.organisasi.models import User


class ReplyStatus(models.TextChoices):
    """States of a reply (docs/alur-status.md)."""

    OPEN = "open", "Menunggu satuan"
    REPLIED = "replied", "Dijawab"
    UPHELD = "upheld", "Nilai tetap"
    CHANGED = "changed", "Nilai diubah"


class ReplyRoundQuerySet(models.QuerySet["ReplyRound"]):
    """Named reads over rounds."""

    def visible_to(self, user: User) -> Self:
        """Keep the rounds of visible sheets."""
        return self.filter(checklist__in=Checklist.objects.visible_to(user).order_by().values("pk"))

    def running(self) -> Self:
        """Keep the rounds whose sheet waits for them."""
        return self.filter(closed_at__isnull=True)

    def of(self, checklist: Checklist) -> Self:
        """Keep the rounds of a sheet."""
        return self.filter(checklist=checklist)

    def with_frame(self) -> Self:
        """Load the sheet with what rights and texts need."""
        return self.select_related(
            "checklist__unit", "checklist__period", "checklist__instrument", "checklist__visit"
        ).defer("checklist__instrument__definition")


class ReplyRound(models.Model):
    """A round of replies (hak jawab). It takes replies until its last day or until the unit waives; it is closed by
    finalising, once every reply is decided.
    """

    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="reply_rounds", verbose_name="lembar")
    opened_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField("tenggat")
    waived_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Written first by every step, so that two steps of one round never pass each other.
    moved_at = models.DateTimeField(default=timezone.now)

    objects = ReplyRoundQuerySet.as_manager()

    class Meta:
        verbose_name = "putaran hak jawab"
        verbose_name_plural = "putaran hak jawab"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["checklist"], condition=Q(closed_at__isnull=True), name="reply_round_one_running"
            ),
        ]

    def __str__(self) -> str:
        return f"Hak jawab {self.checklist_id}"

    def get_absolute_url(self) -> str:
        """Return the page of the sheet's round."""
        return reverse("supervisi:reply-round", args=[self.checklist_id])

    def takes_replies(self, today: datetime.date) -> bool:
        """Tell whether the unit may still reply."""
        return self.closed_at is None and self.waived_at is None and today <= self.due_on

    def is_over(self, today: datetime.date) -> bool:
        """Tell whether nothing more can come from the unit."""
        return not self.takes_replies(today)


class ReplyQuerySet(models.QuerySet["Reply"]):
    """Named reads over replies."""

    def visible_to(self, user: User) -> Self:
        """Keep the replies of visible sheets."""
        return self.filter(round__in=ReplyRound.objects.visible_to(user).order_by().values("pk"))

    def with_frame(self) -> Self:
        """Load what the page of a reply needs."""
        return self.select_related(
            "item", "round__checklist__unit", "round__checklist__period", "round__checklist__instrument",
            "round__checklist__visit", "replied_by", "reply_posting", "decided_by", "decision_posting",
        ).defer("round__checklist__instrument__definition")  # fmt: skip


class Reply(models.Model):
    """An item that was marked down, what the unit says to it, and what became of it.

    `claimed` and `found` are raw answers as of disclosing; `claimed` is null where the unit had handed in no sheet of
    its own. `points` is what the difference is worth (10⁻¹⁰).
    """

    round = models.ForeignKey(ReplyRound, models.CASCADE, related_name="replies", verbose_name="putaran")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="butir")
    claimed = models.JSONField(null=True)
    found = models.JSONField()
    points = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=ReplyStatus, default=ReplyStatus.OPEN)
    text = models.TextField("jawaban", blank=True)
    replied_at = models.DateTimeField(null=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reply_posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    decision = models.TextField("alasan keputusan", blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decision_posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    # The answer that took the place of `found`.
    changed_to = models.JSONField(null=True)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name = "hak jawab"
        verbose_name_plural = "hak jawab"
        ordering = ["round", "-points", "item__position"]
        constraints = [models.UniqueConstraint(fields=["round", "item"], name="reply_once")]

    def __str__(self) -> str:
        return f"Hak jawab butir {self.item_id}"

    def get_absolute_url(self) -> str:
        """Return the reply's page."""
        return reverse("supervisi:reply-detail", args=[self.pk])


class ReplyFileQuerySet(models.QuerySet["ReplyFile"]):
    """Named reads over files of replies."""

    def visible_to(self, user: User) -> Self:
        """Keep the files of visible replies that were not taken back."""
        return self.filter(withdrawn_at__isnull=True).filter(
            reply__in=Reply.objects.visible_to(user).order_by().values("pk")
        )


class ReplyFile(models.Model):
    """A photo or document that came with a reply."""

    reply = models.ForeignKey(Reply, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    # Taken back together with the reply that it came with.
    withdrawn_at = models.DateTimeField(null=True)

    objects = ReplyFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas hak jawab"
        verbose_name_plural = "berkas hak jawab"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Berkas {self.file_id}"
