"""Session limits."""

from django.contrib.auth.middleware import LoginRequiredMiddleware


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Ask for sign-in on every page that isn't marked public."""


class SessionLimitMiddleware:
    """End idle sessions."""

    def __init__(self, get_response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        self.get_response = get_response

    def __call__(self, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        """Pass on."""
        return self.get_response(request)
