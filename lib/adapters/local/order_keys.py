"""Turn a JSON value into bytes that sort and compare as the value does.

Called by the index of the documents. None < bool < number < string < everything else; equal
numbers give equal keys whether they are written 1 or 1.0. Knows nothing of documents.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from lib.core.errors import Refused

#: Numbers are stored as 64-bit integers and doubles everywhere behind the port.
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def order_key(value: Any) -> bytes:
    """Return the key of a JSON value. Raises Refused for one that cannot be compared."""
    if value is None:
        return b"0"
    if value is True or value is False:
        return b"11" if value else b"10"
    if isinstance(value, str):
        try:
            return b"3" + value.encode()
        except UnicodeEncodeError as error:
            raise Refused(f"{value!r} is no valid text", hint="remove half characters") from error
    if isinstance(value, int | float):
        return b"2" + _number(value)
    try:
        return b"4" + json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise Refused(f"{value!r} is no JSON value", hint="compare with plain values") from error


def _number(value: float) -> bytes:
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        raise Refused(f"{value} is too large a number", hint="store it as text")
    near = float(value) + 0.0  # turns -0.0 into 0.0
    if not math.isfinite(near):
        raise Refused(f"{value} is no number that JSON knows", hint="leave the field out")
    bits: int = struct.unpack(">Q", struct.pack(">d", near))[0]
    bits = bits ^ _ALL if bits & _SIGN else bits | _SIGN
    # Integers beyond 2**53 share a double; what it lost tells them apart.
    lost = value - int(near) if isinstance(value, int) else 0
    return struct.pack(">QH", bits, lost + 0x8000)
