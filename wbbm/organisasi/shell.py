"""What every page's frame needs: account, navigation by role, session limits. No query beyond the postings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from wbbm import version

from . import sessions
from .models import Posting, Role


@dataclass(frozen=True)
class Entry:
    """One entry of the main menu: who sees it (whoever also holds a role of `unless` doesn't), and where it leads.

    `section` names the route whose pages it stands for, when it leads deeper into them. What a person does for himself
    (`is_personal`) stands in the menu of his account. Entries of a `group` share one place in the menu, by its name;
    the group's own pages show them all. Who sees only one of them sees it by its own name.
    """

    label: str
    url_name: str
    roles: frozenset[str]
    order: int
    unless: frozenset[str] = frozenset()
    section: str = ""
    is_personal: bool = False
    group: str = ""


@dataclass(frozen=True)
class NavLink:
    """An entry as a page shows it."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Shell:
    """The frame of a page."""

    csrf_cookie_name: str
    page: int = version.PAGE
    version: str = version.VERSION
    unit_name: str = ""
    account_label: str = ""
    unread: int = 0
    nav: tuple[NavLink, ...] = ()
    group: tuple[NavLink, ...] = ()
    personal: tuple[NavLink, ...] = ()
    session_url: str = ""
    session_idle_seconds: int = 0
    session_warning_seconds: int = 0
    session_expires: int = 0


_entries: list[Entry] = []
# The figure of the bell, read with the person (signed_in.add_fact).
UNREAD = "unread_notices"
# The posting by which a person is addressed when he has several.
_MAIN_ROLES = (Role.COMMANDER, Role.AUDITOR, Role.SUPERVISOR, Role.INTEGRITY_OFFICER, Role.OPERATOR, Role.ADMIN)


def register_nav(*entries: Entry) -> None:
    """Add entries to the main menu; apps call it in ready()."""
    _entries.extend(entry for entry in entries if entry not in _entries)
    _entries.sort(key=lambda entry: entry.order)


def main_posting(postings: tuple[Posting, ...]) -> Posting | None:
    """Return the posting by which the person is addressed."""
    return min(postings, key=lambda posting: _MAIN_ROLES.index(Role(posting.role)), default=None)


@dataclass(frozen=True)
class _Menus:
    """The menus of a page: the main one, the group that the page belongs to, and that of the account."""

    main: tuple[NavLink, ...]
    group: tuple[NavLink, ...]
    personal: tuple[NavLink, ...]


def _menus(request: HttpRequest, roles: frozenset[str]) -> _Menus:
    held = [entry for entry in _entries if entry.roles & roles and not entry.unless & roles]
    sections = {entry: reverse(entry.section or entry.url_name) for entry in held}
    current = max((url for url in sections.values() if request.path.startswith(url)), key=len, default="")
    links = {entry: NavLink(entry.label, reverse(entry.url_name), sections[entry] == current) for entry in held}
    sizes = Counter(entry.group for entry in held)
    main: dict[str, NavLink] = {}
    for entry, link in links.items():
        if entry.is_personal:
            continue
        if not entry.group or sizes[entry.group] == 1:
            main[entry.url_name] = link
        elif entry.group not in main:
            main[entry.group] = replace(link, label=entry.group)
        elif link.is_current:
            main[entry.group] = replace(main[entry.group], is_current=True)
    here = next((entry.group for entry, link in links.items() if link.is_current and entry.group), "")
    group = tuple(link for entry, link in links.items() if here and entry.group == here)
    personal = tuple(link for entry, link in links.items() if entry.is_personal)
    return _Menus(tuple(main.values()), group if len(group) > 1 else (), personal)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's values for the templates (context processor)."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        frame = Shell(csrf_cookie_name=settings.CSRF_COOKIE_NAME)
        return {"is_demo": settings.IS_DEMO, "shell": frame}
    posting = main_posting(user.scope.postings)
    menus = _menus(request, user.scope.roles)
    frame = Shell(
        csrf_cookie_name=settings.CSRF_COOKIE_NAME,
        unit_name=posting.unit.name if posting else "",
        account_label=str(posting) if posting else user.username,
        unread=getattr(user, UNREAD, None) or 0,
        nav=menus.main,
        group=menus.group,
        personal=menus.personal,
        session_url=reverse("session"),
        session_idle_seconds=max(0, sessions.idle_seconds_left(request)),
        session_warning_seconds=settings.SESSION_WARNING_SECONDS,
        session_expires=sessions.expires_at(request),
    )
    return {"is_demo": settings.IS_DEMO, "shell": frame}
