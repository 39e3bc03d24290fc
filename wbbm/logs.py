"""Log lines without personal data: JSON or plain text, each with the code of its request or the number of its job.

What a line may say is decided here and not by whoever writes it. Our own modules are believed in their words and in
what they put into them, errors excepted: the text of an error repeats what somebody typed, so that of an error only its
kind and its place in the code are written. Of the words of others only those that stand in their code are written,
never what they put in: addresses, user names, paths with one-time links (docs/keputusan/0022-melihat-sistem.md).
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

OWN = frozenset({"wbbm", "layanan", "supervisi"})
# Nothing that looks like another when it is read out: no I, L, O, U.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _SIZE = 3, 4
_STATUSES = frozenset(HTTPStatus)
_MOST_FRAMES = 15
_PLACEHOLDER = re.compile(r"%(\(\w+\))?[-+ #0-9.*]*[a-zA-Z]|\{[^{}]*\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

reference: ContextVar[str] = ContextVar("reference", default="")
_job: ContextVar[int | None] = ContextVar("job", default=None)


def new_reference() -> str:
    """Return a code for one request, as a person reads it out: three groups of four."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _SIZE)]
    return "-".join("".join(letters[start : start + _SIZE]) for start in range(0, len(letters), _SIZE))


@contextmanager
def about_job(job_id: int) -> Iterator[None]:
    """Let every line of the block bear the number of the job."""
    token = _job.set(job_id)
    try:
        yield
    finally:
        _job.reset(token)


class ContextFilter(logging.Filter):
    """Binds the request's code and the job's number to a line, where it is written and not where it is printed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add what is known; keep every line."""
        # Django speaks of an answer once more when it has left us.
        record.reference = reference.get() or getattr(getattr(record, "request", None), "reference", "")
        record.job = _job.get()
        return True


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what may be written of a line."""
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    found: dict[str, Any] = {
        "time": moment.isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": _words(record),
    }
    optional = {
        "request": getattr(record, "reference", ""),
        "job": getattr(record, "job", None),
        "route": _route(record),
        "status": getattr(record, "status_code", None),
        "error": _errors(record.exc_info[1]) if record.exc_info else None,
    }
    return found | {name: value for name, value in optional.items() if value not in (None, "")}


def _words(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] in OWN:
        return _CONTROL.sub(" ", _own_words(record))
    status = getattr(record, "status_code", None)
    if isinstance(status, int) and status in _STATUSES:
        return HTTPStatus(status).phrase
    text = record.msg if isinstance(record.msg, str) and record.args else ""
    # Without arguments nobody knows whether the text stands in the code or was put together from somebody's data.
    return _CONTROL.sub(" ", _PLACEHOLDER.sub("…", text)).strip() or f"(withheld; {record.module}:{record.lineno})"


def _own_words(record: logging.LogRecord) -> str:
    if isinstance(record.args, tuple):
        record = logging.makeLogRecord(record.__dict__ | {"args": tuple(_safe(value) for value in record.args)})
    return str(_safe(record.msg)) if isinstance(record.msg, BaseException) else record.getMessage()


def _safe(value: Any) -> Any:
    return error_kind(value) if isinstance(value, BaseException) else value


def error_kind(fault: BaseException) -> str:
    """Return what kind of error it is: its class, and what the system calls it; never its text."""
    name = type(fault).__name__
    number = getattr(fault, "errno", None)
    if isinstance(fault, OSError) and isinstance(number, int):
        return f"{name} ({os.strerror(number)})"
    code = getattr(fault.__cause__, "pgcode", None)
    return f"{name} (SQLSTATE {code})" if code else name


def _route(record: logging.LogRecord) -> str:
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return getattr(match, "view_name", "") or ""


def _errors(fault: BaseException | None) -> list[dict[str, Any]]:
    """Return an error and what it came from, each by its kind and its places in the code, innermost last."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        found.append({"kind": error_kind(fault), "at": _places(fault)})
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return found


def _places(fault: BaseException) -> list[str]:
    places = []
    trace = fault.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-_MOST_FRAMES:]


def _short(path: str) -> str:
    """Return the last three parts of a path: where the portal is installed is of no interest."""
    return "/".join(path.split("/")[-3:])


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(facts_of(record), ensure_ascii=False, default=str)


class LineFormatter(logging.Formatter):
    """The same facts for somebody who reads along."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and one more for each error behind it."""
        facts = facts_of(record)
        errors = facts.pop("error", [])
        head = [str(facts.pop(name)) for name in ("time", "level", "logger", "message")]
        rest = [f"{name}={value}" for name, value in facts.items()]
        lines = [" ".join(head + rest)]
        lines += [f"  {error['kind']}: {' < '.join(reversed(error['at']))}" for error in errors]
        return "\n".join(lines)
