"""A link over TCP: lines of JSON in both directions, their bounds, and the hello."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

from obverse_errors import Code, ConnectionLost, RpcError, to_wire

log = logging.getLogger("obverse")

MAX_FRAME = 64 * 2**20
MAX_BAD = 10


class Link:
    """Reads and writes messages. A subclass handles them."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        dials: bool,
        max_frame: int,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._max_frame, self._peer_max_frame = max_frame, MAX_FRAME
        self._greeted = False
        self._bad = 0
        self._lost: BaseException | None = None
        if dials:
            self.greet()
        self._reading = asyncio.create_task(self._read())

    def sort(self, message: dict[str, Any], size: int) -> bool:
        """Handles a message, and the size of its frame. False: it cannot be read."""
        raise NotImplementedError

    def ended(self, reason: BaseException) -> None:
        """The link has ended."""
        raise NotImplementedError

    async def close(self) -> None:
        """Ends the link after everything was sent."""
        with suppress(ConnectionError):
            await self.drain()
        self._end(ConnectionLost("the link was closed"))
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Returns when the link has ended, on either side."""
        await asyncio.wait([self._reading])

    # ---- what is written -------------------------------------------------------------

    def frame(self, message: dict[str, Any]) -> bytes:
        """Encodes a message. Raises an RpcError if it is larger than the peer reads."""
        message = {"jsonrpc": "2.0", **message}
        # ASCII: UTF-8 has no form for lone surrogates. NaN is not JSON.
        text = json.dumps(message, separators=(",", ":"), allow_nan=False)
        most = self._peer_max_frame
        if len(text) > most:
            why = f"a frame of {len(text)} bytes, and the peer reads at most {most}"
            raise RpcError(why, Code.TOO_LARGE)
        return text.encode() + b"\n"

    def write(self, frame: bytes) -> None:
        """Sends a frame. Raises a ConnectionLost if the link has ended."""
        if self._lost is not None:
            raise ConnectionLost() from self._lost
        self._writer.write(frame)

    def send(self, message: dict[str, Any]) -> int:
        """Sends a message, and returns the size of its frame."""
        frame = self.frame(message)
        self.write(frame)
        return len(frame)

    def tell(self, method: str, params: Any) -> None:
        """Sends a notification; does nothing if the link has ended."""
        with suppress(ConnectionLost):
            self.send({"method": method, "params": params})

    def refuse(self, id: Any, error: BaseException) -> None:
        """Answers with an error."""
        with suppress(ConnectionLost):
            self.send({"id": id, "error": to_wire(error)})

    async def drain(self) -> None:
        """Returns when the peer has read enough of what was sent."""
        if self._lost is None:
            await self._writer.drain()

    def greet(self) -> None:
        """Sends hello, which promises to accept several messages in one list."""
        self._greeted = True
        hello: dict[str, Any] = {"obverse": 1, "codec": "jrpc"}
        if self._max_frame != MAX_FRAME:
            hello["frameBytes"] = self._max_frame
        self.tell("rpc.hello", hello)

    def greeted(self, hello: Any) -> None:
        """The peer has sent hello, and perhaps the largest frame that it reads."""
        if isinstance(hello, dict) and type(hello.get("frameBytes")) is int:
            self._peer_max_frame = hello["frameBytes"]
        if not self._greeted:
            self.greet()

    # ---- what is read ----------------------------------------------------------------

    async def _read(self) -> None:
        reason: BaseException = ConnectionLost("the peer has ended the link")
        try:
            while line := await self._reader.readline():
                if line.strip(b"\r\n"):
                    self._take(line)
                if self._bad > MAX_BAD:
                    raise RpcError("too much cannot be read", Code.INVALID_REQUEST)
        except (OSError, ValueError, RpcError) as error:
            # A ValueError is a line that is longer than the bound.
            reason = error
        except asyncio.CancelledError:
            pass
        self._end(reason)
        with suppress(OSError):
            await self._writer.wait_closed()

    def _take(self, line: bytes) -> None:
        try:
            text = line.decode(errors="replace")
            value = json.loads(text, parse_constant=no_number)
        except (ValueError, RecursionError) as error:
            self.bad(None, f"Parse error: {error}", Code.PARSE_ERROR)
            return
        for entry in value if isinstance(value, list) and self._greeted else [value]:
            if not isinstance(entry, dict) or entry.get("jsonrpc") != "2.0":
                self.bad(None, "Invalid Request: this is no message of JSON-RPC 2.0")
            elif self.sort(entry, len(line) - 1):
                self._bad = 0

    def bad(self, id: Any, why: str, code: Code = Code.INVALID_REQUEST) -> None:
        """Counts an unreadable message. Many in a row end the link."""
        self._bad += 1
        log.warning("%s", why)
        self.refuse(id, RpcError(why, code))

    def _end(self, reason: BaseException) -> None:
        if self._lost is not None:
            return
        self._lost = reason
        self._writer.close()
        if asyncio.current_task() is not self._reading:
            self._reading.cancel()
        self.ended(reason)


def no_number(name: str) -> None:
    """Python reads NaN and Infinity, which are not JSON."""
    raise ValueError(f"{name} is no JSON")
