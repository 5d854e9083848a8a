"""References: functions, objects and streams that are passed, and who holds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from obverse_errors import Code, RpcError

Tell = Callable[[str, list[Any]], None]
Ask = Callable[[str, list[Any]], Awaitable[Any]]


@dataclass(slots=True)
class Export:
    """An object of this side, and how many messages hold it on the other side."""

    value: Any
    holds: int = 0


class Exports:
    """What this side has passed, by number; no number is used twice."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._held: dict[int, Export] = {}
        self._by_identity: dict[int, int] = {}

    def next_number(self) -> int:
        """An unused number."""
        return next(self._numbers)

    def number(self, value: Any) -> int:
        """The number of a function; the same as long as it is held."""
        number = self._by_identity.get(id(value))
        if number is None:
            number = self._by_identity[id(value)] = self.next_number()
            self._held[number] = Export(value)
        return number

    def at(self, number: Any) -> Any:
        """The object with this number. Raises an RpcError if it is not held."""
        if not isinstance(number, int) or number not in self._held:
            why = f"the reference {number!r} is not held: released, or never passed"
            raise RpcError(why, Code.INVALID_PARAMS)
        return self._held[number].value

    def hold(self, numbers: Iterable[Any]) -> None:
        """Adds one hold to each; ignores what is not held."""
        for number in numbers:
            if number in self._held:
                self._held[number].holds += 1

    def release(self, numbers: Iterable[Any]) -> None:
        """Removes one hold from each."""
        for number in numbers:
            export = self._held.get(number)
            if export is None:
                continue
            export.holds -= 1
            if export.holds <= 0:
                del self._held[number]
                del self._by_identity[id(export.value)]


class Remote:
    """A function or an object of the peer.

    With a request, it is held until the request is answered, or longer by
    :meth:`keep`. With any other message, it is held until :meth:`release`.
    """

    def __init__(
        self, number: int, ask: Ask, tell: Tell, holds: bool, methods: tuple[str, ...]
    ) -> None:
        self.number = number
        self.methods = methods
        self._ask, self._tell, self._holds = ask, tell, holds

    async def __call__(self, *args: Any) -> Any:
        """Calls the function."""
        return await self._ask("rpc.call", [self.number, None, list(args)])

    async def call(self, method: str, *args: Any) -> Any:
        """Calls a method of the object."""
        return await self._ask("rpc.call", [self.number, method, list(args)])

    def keep(self) -> None:
        """Holds it beyond the request that passed it."""
        if not self._holds:
            self._tell("rpc.keep", [self.number])
        self._holds = True

    def release(self) -> None:
        """Releases it."""
        if self._holds:
            self._tell("rpc.release", [self.number])
        self._holds = False
