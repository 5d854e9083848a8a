"""The errors of the wire: codes, and the envelope of what a handler raises."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

ENVELOPE = {"name", "data", "stack", "fields", "args", "cause", "errors"}
MAX_CAUSES = 16


class Code(IntEnum):
    """The error of an answer."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    APPLICATION = -32000
    CONNECTION_LOST = -32010
    TIMEOUT = -32011
    ABORTED = -32012
    TOO_LARGE = -32013


class RpcError(Exception):
    """An error with a code and data. ``name`` is its class on the other side."""

    def __init__(
        self,
        message: str,
        code: int = Code.APPLICATION,
        data: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = int(code)
        self.data = data
        self.name = name


class ConnectionLost(RpcError, ConnectionError):
    """The link ended before the answer, or never existed."""

    def __init__(self, message: str = "the link has ended") -> None:
        super().__init__(message, Code.CONNECTION_LOST)


class ProtocolError(RpcError):
    """The peer has broken the protocol in a call of this side."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Code.INVALID_REQUEST)


def is_envelope(data: Any) -> bool:
    """Whether the data of an error are those of the library itself."""
    return (
        isinstance(data, dict)
        and isinstance(data.get("name"), str)
        and data.keys() <= ENVELOPE
    )


def to_wire(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """The member ``error`` of an answer. It has no stack, but its causes."""
    # These two describe another call than that of the caller.
    is_ours = isinstance(error, (ConnectionLost, ProtocolError))
    if isinstance(error, RpcError) and not is_ours:
        data = error.data
        if is_envelope(data):
            data = {"name": "RpcError", "data": data}
        extra = {} if data is None else {"data": data}
        return {"code": error.code, "message": error.message, **extra}
    envelope: dict[str, Any] = {"name": type(error).__name__}
    if getattr(error, "data", None) is not None:
        envelope["data"] = error.data  # type: ignore[attr-defined]
    if error.__cause__ is not None and depth < MAX_CAUSES:
        envelope["cause"] = to_wire(error.__cause__, depth + 1)
    return {
        "code": int(Code.APPLICATION),
        "message": str(error),
        "data": envelope,
    }


def from_wire(error: Any, depth: int = 0) -> RpcError:
    """The error of an answer, whatever its member ``error`` is."""
    if not isinstance(error, Mapping):
        return RpcError(str(error), Code.INTERNAL_ERROR, error)
    code, message = error.get("code"), error.get("message")
    data = error.get("data")
    told = RpcError(
        message if isinstance(message, str) else "an error without a message",
        code if isinstance(code, int) else Code.INTERNAL_ERROR,
        data,
    )
    if isinstance(data, dict) and is_envelope(data):
        told.name, told.data = data["name"], data.get("data")
        cause = data.get("cause")
        if isinstance(cause, dict) and "code" in cause and depth < MAX_CAUSES:
            told.__cause__ = from_wire(cause, depth + 1)
    return told
