"""Who keeps the machine that the portal runs on."""

from __future__ import annotations

from wbbm.errors import NotAllowed
from wbbm.organisasi.models import Posting, Role, User


def post_over_machine(user: User) -> Posting | None:
    """Return the posting as admin of a unit at the top of the tree: the machine serves all units below."""
    held = user.scope.postings
    return next((posting for posting in held if posting.role == Role.ADMIN and posting.unit.depth == 1), None)


def require_machine(user: User) -> Posting:
    """Return that posting.

    Raises:
        NotAllowed: the person is no admin of a top unit.
    """
    posting = post_over_machine(user)
    if posting is None:
        raise NotAllowed("Kesehatan sistem diurus admin satuan puncak, karena servernya melayani semua satuan.")
    return posting
