"""Refusals of the organisation's services."""

from wbbm.errors import DomainError, InvalidTransition, NotAllowed


class OrganisationError(DomainError):
    """The input contradicts what is there; the message says what to change."""


class NotYourUnit(NotAllowed):
    """The unit is outside the admin's reach."""


class AlreadyDone(InvalidTransition):
    """Somebody (perhaps the same person's first click) took the step already."""
