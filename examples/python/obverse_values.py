"""The tagged form: values that JSON lacks, as an object ``{"$rpc": [tag, …]}``."""

from __future__ import annotations

import array
import base64
import math
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

MAX_WHOLE = 2**53
VIEWS = {
    "Int8Array": "b",
    "Uint8ClampedArray": "B",
    "Int16Array": "h",
    "Uint16Array": "H",
    "Int32Array": "i",
    "Uint32Array": "I",
    "Float32Array": "f",
    "Float64Array": "d",
    "BigInt64Array": "q",
    "BigUint64Array": "Q",
}
NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Passed = tuple[str, Any]


class Encoder:
    """Encodes the values of one message; ``tagged`` is whether it must be announced.

    ``passed`` returns the tag and the number of a function or a stream.
    """

    def __init__(self, passed: Callable[[Any], Passed]) -> None:
        self.tagged = False
        self._passed = passed

    def write(self, value: Any) -> Any:
        """Raises a TypeError for a value that cannot be sent."""
        match value:
            case None | bool() | str():
                return value
            case int():
                # JavaScript would round it.
                if abs(value) > MAX_WHOLE:
                    return self._tag("bigint", str(value))
                return value
            case float():
                return value if is_plain(value) else self._tag("number", odd(value))
            case list() | tuple():
                return [self.write(item) for item in value]
            case dict():
                return self._write_dict(value)
            case set() | frozenset():
                return self._tag("set", [self.write(item) for item in value])
            case datetime():
                utc = value.astimezone(timezone.utc)
                text = utc.isoformat(timespec="milliseconds")
                return self._tag("date", text.replace("+00:00", "Z"))
            case bytes() | bytearray():
                return self._tag("bytes", base64.b64encode(value).decode())
            case array.array():
                return self._write_view(value)
            case BaseException():
                told = {"name": type(value).__name__, "message": str(value)}
                return self._tag("error", told)
        return self._tag(*self._passed(value))

    def _tag(self, tag: str, *payload: Any) -> dict[str, Any]:
        self.tagged = True
        return {"$rpc": [tag, *payload]}

    def _write_dict(self, value: dict[Any, Any]) -> Any:
        if not all(isinstance(key, str) for key in value):
            pairs = [[self.write(k), self.write(v)] for k, v in value.items()]
            return self._tag("map", pairs)
        fields = {key: self.write(item) for key, item in value.items()}
        return self._tag("obj", fields) if "$rpc" in fields else fields

    def _write_view(self, value: array.array[Any]) -> Any:
        name = next((n for n, code in VIEWS.items() if code == value.typecode), None)
        if name is None:
            raise TypeError(f"an array of the type {value.typecode!r} cannot travel")
        if sys.byteorder == "big":
            value = array.array(value.typecode, value)
            value.byteswap()
        return self._tag("view", name, base64.b64encode(value.tobytes()).decode())


def is_plain(value: float) -> bool:
    """Whether JSON has this value."""
    return math.isfinite(value) and (value != 0 or math.copysign(1, value) > 0)


def odd(value: float) -> str:
    """The tagged form of a number that JSON does not have."""
    if math.isnan(value):
        return "NaN"
    if value == 0:
        return "-0"
    return "Infinity" if value > 0 else "-Infinity"


def read(value: Any, came: Callable[[str, list[Any]], Any]) -> Any:
    """Decodes a value of an announced message.

    ``came`` makes the objects that were passed by reference. Raises a ValueError for an
    object that is not in the form, and for an unknown tag.
    """
    match value:
        case list():
            return [read(item, came) for item in value]
        case {"$rpc": ["obj", dict() as fields], **rest} if not rest:
            return {key: read(item, came) for key, item in fields.items()}
        case {"$rpc": [str() as tag, *payload], **rest} if not rest:
            try:
                return revive(tag, [read(item, came) for item in payload], came)
            except (TypeError, KeyError, IndexError) as error:
                raise ValueError(f'a "{tag}" cannot be read: {error}') from error
        case {"$rpc": _}:
            raise ValueError('an object with the key "$rpc" is not in the form')
        case dict():
            return {key: read(item, came) for key, item in value.items()}
    return value


def revive(tag: str, payload: list[Any], came: Callable[[str, list[Any]], Any]) -> Any:
    """The value of a tag and its payload."""
    first = payload[0]
    match tag:
        case "date":
            return None if first is None else datetime.fromisoformat(first)
        case "map":
            return {key: item for key, item in first}
        case "set":
            return set(first)
        case "bigint":
            return int(first)
        case "number":
            return -0.0 if first == "-0" else NUMBERS[first]
        case "bytes" | "buffer":
            return base64.b64decode(first, validate=True)
        case "view":
            items = base64.b64decode(payload[1], validate=True)
            if first == "DataView":
                return items
            view = array.array(VIEWS[first], items)
            if sys.byteorder == "big":
                view.byteswap()
            return view
        case "url":
            return str(first)
        case "error":
            return Exception(first["message"])
        case "fn" | "ref" | "own" | "stream":
            return came(tag, payload)
    raise ValueError(f'a value of the type "{tag}" has come, which is not known here')
