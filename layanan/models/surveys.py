"""Questionnaires, one-time tokens, answers that nothing ties to a token, and what the answers amount to."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from layanan.survey_maths import Tally, Window
from wbbm.organisasi.models import Role, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# The longest questionnaire has nine statements (PermenPANRB 14/2017).
MOST_STATEMENTS = 9


class SurveyKind(models.TextChoices):
    """The three surveys."""

    SPKP = "spkp", "Survei Persepsi Kualitas Pelayanan"
    SPAK = "spak", "Survei Persepsi Anti Korupsi"
    SKM = "skm", "Survei Kepuasan Masyarakat"


class Bundle(models.TextChoices):
    """What one token is for: questionnaires that are answered on one page."""

    ZI = "zi", "Pelayanan dan anti korupsi (SPKP, SPAK)"
    SKM = "skm", "Kepuasan masyarakat (SKM)"


KINDS: dict[str, tuple[str, ...]] = {
    Bundle.ZI: (SurveyKind.SPKP, SurveyKind.SPAK),
    Bundle.SKM: (SurveyKind.SKM,),
}


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    """Named reads over questionnaires."""

    def visible_to(self, user: User) -> Self:
        """Keep all: what is asked is public."""
        return self.all()

    def of_bundle(self, bundle: str) -> Self:
        """Keep all versions of the bundle's questionnaires, the newest first."""
        return self.filter(code__in=KINDS[bundle]).order_by("-pk")


class Questionnaire(models.Model):
    """One version of a questionnaire (kuesioner); aspects and scale never change from version to version."""

    code = models.CharField(max_length=4, choices=SurveyKind)
    version = models.CharField("versi", max_length=20)
    title = models.CharField("judul", max_length=80)
    source = models.CharField("dasar", max_length=80)
    scale = models.PositiveSmallIntegerField("skala")
    ends = models.JSONField()
    labels = models.JSONField()
    # [{aspect, name, text}], in order.
    statements = models.JSONField()
    sha256 = models.CharField(max_length=64)
    loaded_on = models.DateField()

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        verbose_name = "kuesioner"
        verbose_name_plural = "kuesioner"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="questionnaire_version_once")]

    def __str__(self) -> str:
        return f"{self.code.upper()} {self.version}"


class TokenBatchQuerySet(models.QuerySet["TokenBatch"]):
    """Named reads over batches of tokens."""

    def visible_to(self, user: User) -> Self:
        """Keep the batches of units where the person hands them out."""
        return self.filter(user.scope.at("unit__path", Role.OPERATOR, Role.COMMANDER))

    def of_unit(self, unit: Unit) -> Self:
        """Keep the unit's batches, the latest first."""
        return self.filter(unit=unit).order_by("-issued_on", "pk")

    def with_counts(self) -> Self:
        """Add how many tokens there are, and how many were used."""
        return self.annotate(made=models.Count("tokens"), used=models.Count("tokens", filter=Q(tokens__is_used=True)))


class TokenBatch(models.Model):
    """Tokens that were made together: printed slips, or those shown on the desk's screen on one day."""

    # Made with the form that asks for it: a form sent twice makes one batch.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    service = models.CharField("layanan", max_length=40)
    bundle = models.CharField("survei", max_length=4, choices=Bundle)
    is_screen = models.BooleanField("di layar")
    issued_on = models.DateField("dibuat")
    expires_on = models.DateField("berlaku sampai")

    objects = TokenBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "kode survei"
        verbose_name_plural = "kode survei"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "service", "bundle", "issued_on"],
                condition=Q(is_screen=True),
                name="survey_screen_once_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"Kode survei {self.get_bundle_display()}, {self.unit}"


class SurveyToken(models.Model):
    """The right to answer once. Knows no moment at all: neither when it was handed out nor when it was used."""

    # The keyed hash of the code; the code itself is kept nowhere.
    code_hash = models.CharField(max_length=64, primary_key=True)
    batch = models.ForeignKey(TokenBatch, models.CASCADE, related_name="tokens")
    is_used = models.BooleanField(default=False)

    class Meta:
        verbose_name = "token survei"
        verbose_name_plural = "token survei"

    def __str__(self) -> str:
        return "Token survei"


class SurveyAnswer(models.Model):
    """One filled-in questionnaire. Names no token, no person, no address, and no time finer than a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    service = models.CharField(max_length=40)
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="+")
    day = models.DateField()
    # One digit for each statement.
    marks = models.CharField(max_length=MOST_STATEMENTS)
    # The same mark throughout.
    is_flat = models.BooleanField()
    # Answered without a token; never counted into an index.
    is_open = models.BooleanField()
    # Put into the table anew in random order after its day (services/survey_mixing.py).
    is_mixed = models.BooleanField(default=False)

    class Meta:
        verbose_name = "jawaban survei"
        verbose_name_plural = "jawaban survei"
        indexes = [
            models.Index(fields=["unit", "day"], name="survey_answer_day"),
            models.Index(fields=["day"], condition=Q(is_mixed=False), name="survey_answer_unmixed"),
        ]

    def __str__(self) -> str:
        return "Jawaban survei"


class SurveyTallyQuerySet(models.QuerySet["SurveyTally"]):
    """Named reads over tallies."""

    def visible_to(self, user: User) -> Self:
        """Keep the tallies of units whose results the person reads."""
        scope = user.scope
        over = scope.within("unit__path", Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR)
        return self.filter(over | scope.at("unit__path", Role.OPERATOR))

    def official(self) -> Self:
        """Keep what came by token."""
        return self.filter(is_open=False)

    def in_window(self, window: Window) -> Self:
        """Keep the window's months."""
        return self.filter(month__gte=window.first, month__lte=window.last)


class SurveyTally(models.Model):
    """What the answers of one unit, service, questionnaire and month amount to; moved with each answer."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    service = models.CharField(max_length=40)
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="+")
    month = models.DateField()
    is_open = models.BooleanField()
    count = models.PositiveIntegerField(default=0)
    # The sum of the squares of each answer's total.
    squares = models.PositiveBigIntegerField(default=0)
    s1 = models.PositiveIntegerField(default=0)
    s2 = models.PositiveIntegerField(default=0)
    s3 = models.PositiveIntegerField(default=0)
    s4 = models.PositiveIntegerField(default=0)
    s5 = models.PositiveIntegerField(default=0)
    s6 = models.PositiveIntegerField(default=0)
    s7 = models.PositiveIntegerField(default=0)
    s8 = models.PositiveIntegerField(default=0)
    s9 = models.PositiveIntegerField(default=0)

    objects = SurveyTallyQuerySet.as_manager()

    class Meta:
        verbose_name = "hasil survei"
        verbose_name_plural = "hasil survei"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "month", "questionnaire", "service", "is_open"], name="survey_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"Hasil survei {self.unit}, {self.month:%Y-%m}"

    def tally(self, length: int) -> Tally:
        """Return the figures of a questionnaire of so many statements."""
        return Tally(self.count, tuple(getattr(self, f"s{place}") for place in range(1, length + 1)), self.squares)


class SurveyContactQuerySet(models.QuerySet["SurveyContact"]):
    """Named reads over the register of respondents."""

    def visible_to(self, user: User) -> Self:
        """Keep the register of units where the person is operator or commander himself; nobody above reads it."""
        return self.filter(user.scope.at("unit__path", Role.OPERATOR, Role.COMMANDER))

    def of_unit(self, unit: Unit) -> Self:
        """Keep the unit's register, in an order that tells nothing of who came when."""
        return self.filter(unit=unit).order_by("-noted_on", "name", "pk")

    def kept(self) -> Self:
        """Keep those whose name and phone are still there."""
        return self.exclude(name="")

    def noted_before(self, day: datetime.date) -> Self:
        """Keep those that were noted before the day."""
        return self.filter(noted_on__lt=day)


class SurveyContact(models.Model):
    """A served person who agrees to be called by the national team (SE 04/2023); knows neither token nor answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    service = models.CharField("layanan", max_length=40)
    name = models.CharField("nama", max_length=80, blank=True)
    phone = models.CharField("telepon", max_length=20, blank=True)
    noted_on = models.DateField("dicatat")

    objects = SurveyContactQuerySet.as_manager()

    class Meta:
        verbose_name = "responden"
        verbose_name_plural = "responden"
        indexes = [models.Index(fields=["unit", "noted_on"], name="survey_contact_day")]

    def __str__(self) -> str:
        return "Responden survei"


class ServedMonthQuerySet(models.QuerySet["ServedMonth"]):
    """Named reads over numbers of people served."""

    def visible_to(self, user: User) -> Self:
        """Keep the numbers of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))

    def in_window(self, window: Window) -> Self:
        """Keep the window's months."""
        return self.filter(month__gte=window.first, month__lte=window.last)


class ServedMonth(models.Model):
    """How many people a unit served in a month: the population of which the answers are a sample."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    month = models.DateField("bulan")
    served = models.PositiveIntegerField("jumlah yang dilayani")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ServedMonthQuerySet.as_manager()

    class Meta:
        verbose_name = "jumlah yang dilayani"
        verbose_name_plural = "jumlah yang dilayani"
        constraints = [models.UniqueConstraint(fields=["unit", "month"], name="served_month_once")]

    def __str__(self) -> str:
        return f"Dilayani {self.month:%Y-%m}, {self.unit}"
