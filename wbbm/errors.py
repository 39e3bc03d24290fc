"""Errors that a person can do something about; services raise them, the middleware shows them."""


class DomainError(Exception):
    """A refusal with a message in Indonesian that says what to do.

    `status` is the HTTP status that a request answered by this error gets.
    """

    status = 422
    code = "invalid"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidTransition(DomainError):
    """The object is not (or no longer) in the state that the step starts from."""

    status = 409
    code = "state"


class NotAllowed(DomainError):
    """The person sees the object but may not take this step."""

    status = 403
    code = "forbidden"
