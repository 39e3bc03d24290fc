"""What can go wrong with a backup, each in one line that says what to do."""

from __future__ import annotations

from wbbm.errors import DomainError


class BackupFailed(DomainError):
    """The set was not made; nothing half of it lies under its name."""


class SetRefused(DomainError):
    """The set can't be used; nothing was changed."""


class TargetRefused(DomainError):
    """There is no restoring into this place; nothing was changed."""


class RestoreFailed(DomainError):
    """The restored portal is not what the set says."""


DomainErrorType = type[DomainError]
