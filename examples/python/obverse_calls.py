"""The calls of this side that are pending, and the calls of the peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from obverse_streams import Credit, Items

if TYPE_CHECKING:
    from obverse_peer import Peer

NOTIFICATION = object()
"""The id of a notification, which has none."""


@dataclass(slots=True)
class Answer:
    """A result, and the metadata of its handler."""

    value: Any
    metadata: dict[str, Any]


@dataclass(slots=True)
class Pending:
    """A call of this side that is not answered yet."""

    answer: asyncio.Future[Answer]
    on_progress: Callable[[Any], None] | None = None
    items: Items | None = None
    held: set[int] = field(default_factory=set)
    offers: set[int] = field(default_factory=set)
    about: dict[str, Any] = field(default_factory=dict)

    def succeed(self, value: Any) -> None:
        """The answer has arrived."""
        if self.items is not None:
            self.items.end(value)
        elif not self.answer.done():
            self.answer.set_result(Answer(value, self.about.get("metadata", {})))

    def fail(self, error: BaseException) -> None:
        """The call has failed: by an error, or because no answer can come."""
        if self.items is not None:
            self.items.fail(error)
        elif not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class Call:
    """A call of the peer, as its handler sees it."""

    peer: Peer
    id: Any
    method: str
    metadata: dict[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    """How many seconds its caller waits."""
    wants_progress: bool = False
    window: tuple[int, int] | None = None
    reply_metadata: dict[str, Any] = field(default_factory=dict)
    """Is sent with the answer."""
    task: asyncio.Task[None] | None = None
    credit: Credit | None = None
    reason: str = ""
    """Why it was cancelled."""

    @property
    def is_notification(self) -> bool:
        """Whether the call is a notification."""
        return self.id is NOTIFICATION

    def learn(self, about: dict[str, Any]) -> None:
        """Reads the call headers; ignores what does not fit."""
        timeout = about.get("timeout")
        if isinstance(timeout, (int, float)) and timeout > 0:
            self.timeout = timeout / 1000
        if isinstance(about.get("metadata"), dict):
            self.metadata = about["metadata"]
        self.wants_progress = about.get("progress") is True and not self.is_notification
        window = about.get("window")
        if is_window(window):
            self.window = (window[0], window[1])

    def progress(self, value: Any) -> None:
        """Sends progress to the caller, if it wants progress."""
        if self.wants_progress:
            self.peer.extend("rpc.progress", [self.id, value])


def is_window(value: Any) -> TypeGuard[list[int]]:
    """Whether it is two whole numbers of 1 or more."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    return all(type(size) is int and size > 0 for size in value[:2])


async def each_of(items: Iterator[Any]) -> AsyncIterator[Any]:
    """The items of a generator, one by one."""
    try:
        for item in items:
            yield item
    finally:
        if hasattr(items, "close"):
            items.close()
