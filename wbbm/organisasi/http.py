"""What a view knows of who asks, and for what."""

from django.http import HttpRequest

from .models import User


def signed_in_user(request: HttpRequest) -> User:
    """Return the person; for views behind SignInRequiredMiddleware."""
    assert isinstance(request.user, User)
    return request.user


def chosen_number(request: HttpRequest, name: str) -> int | None:
    """Return a number of the address; None when there is none."""
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
