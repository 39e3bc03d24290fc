"""What a view knows of who asks."""

from django.http import HttpRequest

from .models import User


def signed_in_user(request: HttpRequest) -> User:
    """Return the person; for views behind SignInRequiredMiddleware."""
    assert isinstance(request.user, User)
    return request.user
