"""Reading of the JSON body of an operation."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Never

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from supervisi.services.operations import InvalidOperation, Operation, read_operation

# A note of 4,000 signs takes at most 24,000 bytes in JSON.
MAX_BODY = 64 * 1024


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON number")


def read_body(request: HttpRequest) -> Operation:
    """Read one operation from the request.

    Raises:
        InvalidOperation: too large, no JSON, nested too deep, or of the wrong shape.
    """
    if (request.content_type or "") != "application/json":
        raise InvalidOperation("Kiriman harus berupa JSON.")
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        body = request.body if size <= MAX_BODY else b""
    except (RequestDataTooBig, UnreadablePostError, ValueError) as fault:
        raise InvalidOperation("Kiriman tidak terbaca. Coba lagi.") from fault
    if size > MAX_BODY or len(body) > MAX_BODY:
        raise InvalidOperation("Kiriman terlalu besar. Persingkat catatannya.")
    return read_operation(_parse(body))


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError) as fault:
        raise InvalidOperation("Kiriman tidak terbaca. Muat ulang halaman, lalu coba lagi.") from fault
