"""Sign-in by user name or NRP; rights from postings."""

from django.contrib.auth.backends import BaseBackend


class PostingBackend(BaseBackend):
    """Authenticate against the people."""
