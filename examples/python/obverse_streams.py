"""Streams: items with credit, in both directions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from obverse_errors import ProtocolError

WINDOW = (256, 262_144)


@dataclass(slots=True)
class Credit:
    """What the producer of a stream may still send: its side of the window."""

    items: int
    bytes: int
    _sizes: deque[int] = field(default_factory=deque)
    _under_way: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Returns when one more item may be sent, of any size."""
        while len(self._sizes) >= self.items or self._under_way >= self.bytes:
            self._room.clear()
            await self._room.wait()

    def sent(self, size: int) -> None:
        """An item was sent, in a frame of ``size`` bytes."""
        self._sizes.append(size)
        self._under_way += size

    def pulled(self, items: Any) -> bool:
        """The consumer has pulled. False for more than were sent: that is ignored."""
        if not isinstance(items, int) or not 0 < items <= len(self._sizes):
            return False
        for _ in range(items):
            self._under_way -= self._sizes.popleft()
        self._room.set()
        return True


class Items(AsyncIterator[Any]):
    """The items of a stream, for its consumer.

    ``start`` requests the stream, and returns the id of that request; ``tell`` sends a
    notification. End a stream that is not read to its end with :meth:`aclose`.
    """

    def __init__(
        self,
        window: tuple[int, int],
        start: Callable[[Items], int],
        tell: Callable[..., None],
    ) -> None:
        self.window = window
        self._start, self._tell = start, tell
        self._id: int | None = None
        self._came: deque[tuple[Any, int]] = deque()
        self._arrived = asyncio.Event()
        self._begun = self._over = False
        self._failure: BaseException | None = None
        self._untold = self._taken = self._bytes = self._freed = 0

    def begin(self) -> None:
        """Requests the stream now; otherwise the first item does."""
        if self._id is None:
            self._id = self._start(self)

    def put(self, items: Any, size: int) -> None:
        """Items have arrived, in a frame of this size."""
        if self._over:
            return
        if not isinstance(items, list):
            self.give_up("rpc.next takes the id of a call, and a list of items")
            return
        if self._untold + len(items) > self.window[0] or self._bytes >= self.window[1]:
            self.give_up("the producer of a stream sends more than its window allows")
            return
        for at, item in enumerate(items):
            # The bytes of a frame are free when all of its items are consumed.
            self._came.append((item, size if at == len(items) - 1 else 0))
        if items:
            self._begun = True
            self._untold += len(items)
            self._bytes += size
        self._arrived.set()

    def end(self, value: Any) -> None:
        """The answer has arrived: null, or the list of a peer without streams."""
        if isinstance(value, list) and not self._begun:
            self._came.extend((item, 0) for item in value)
        elif value is not None:
            error = "a stream is answered by null after its items, or by one list"
            self._failure = ProtocolError(error)
        self._over = True
        self._arrived.set()

    def fail(self, error: BaseException) -> None:
        """Ends with an error, after the items that have arrived."""
        self._over, self._failure = True, error
        self._arrived.set()

    def give_up(self, why: str) -> None:
        """The producer broke the protocol: the stream fails, and is cancelled."""
        self._tell("rpc.cancel", [self._id, why])
        self.fail(ProtocolError(why))

    async def __anext__(self) -> Any:
        self.begin()
        while not self._came:
            if self._over:
                failure, self._failure = self._failure, None
                raise failure or StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        item, size = self._came.popleft()
        self._taken += 1
        self._bytes -= size
        self._freed += size
        items, most = self.window
        if not self._over and (self._taken * 2 >= items or self._freed * 4 >= most):
            self._tell("rpc.pull", [self._id, self._taken])
            self._untold -= self._taken
            self._taken = self._freed = 0
        return item

    async def aclose(self) -> None:
        """Cancels the stream."""
        self._came.clear()
        if not self._over and self._id is not None:
            self._tell("rpc.cancel", [self._id])
        self._over, self._failure = True, None
