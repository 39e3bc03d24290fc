"""The slower limit of wrong passwords: per person, whatever the address."""

from __future__ import annotations

from django.db import models


class SignInPace(models.Model):
    """Wrong passwords for one name typed, from any address; `next_at` is when the next try is taken."""

    username = models.CharField(max_length=150, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    next_at = models.DateTimeField()

    class Meta:
        verbose_name = "laju percobaan masuk"
        verbose_name_plural = "laju percobaan masuk"

    def __str__(self) -> str:
        return self.username
