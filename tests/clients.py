"""One test client that speaks for many people: a client of its own for each request would load the middleware anew."""

from __future__ import annotations

from http.cookies import SimpleCookie
from types import SimpleNamespace

from django.test import Client

from wbbm.organisasi.models import User
from wbbm.organisasi.sessions import begin


class Sessions:
    """Signs each person in once and lends the one client with nothing but that person's cookies."""

    def __init__(self) -> None:
        self._client = Client()
        self._cookies: dict[int | None, SimpleCookie] = {None: SimpleCookie()}

    def of(self, person: User | None) -> Client:
        """Return the client with the person's fresh cookies; None is somebody without a session."""
        key = None if person is None else person.pk
        if person is not None and key not in self._cookies:
            self._client.cookies = SimpleCookie()
            # As it stands in the database: the caller's object may carry what an earlier request read.
            self._client.force_login(User.objects.get(pk=key), backend="wbbm.organisasi.auth.PostingBackend")
            # Begun before the first request: whoever takes back what that wrote would have it begin every time.
            session = self._client.session
            begin(SimpleNamespace(session=session))
            session.save()
            self._cookies[key] = self._client.cookies
        self._client.cookies = SimpleCookie({name: morsel.value for name, morsel in self._cookies[key].items()})
        return self._client
