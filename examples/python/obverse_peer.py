"""A peer of Obverse over TCP, client and server: JSON-RPC 2.0 with its extensions.

Written from docs/wire.md with the standard library alone, for Python 3.11 and later::

    peer = await connect("127.0.0.1", 8888, {"said": lambda call, text: print(text)})
    print(await peer.call("join", {"name": "ann"}, timeout=5))

A handler receives the :class:`Call` and its arguments. It returns the answer, an
awaitable of it, or, as a generator of either kind, the items of a stream.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from obverse_calls import NOTIFICATION, Answer, Call, Pending, each_of
from obverse_errors import Code, ConnectionLost, RpcError, from_wire
from obverse_link import MAX_FRAME, Link, log
from obverse_references import Exports, Remote
from obverse_streams import WINDOW, Credit, Items
from obverse_values import Encoder, read

Params = Mapping[str, Any] | list[Any] | None
Handlers = Mapping[str, Callable[..., Any]]


class Peer(Link):
    """One link. Calls go through it in both directions, until it ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handlers: Handlers,
        dials: bool,
        max_frame: int,
    ) -> None:
        self._handlers = handlers
        self._ids = count(1)
        self._pending: dict[int, Pending] = {}
        self._calls: dict[Any, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._exports = Exports()
        self._offers: dict[int, AsyncIterable[Any]] = {}
        self._about: dict[str, Any] | None = None
        super().__init__(reader, writer, dials, max_frame)

    # ---- calls of this side ----------------------------------------------------------

    async def call(self, method: str, params: Params = None, **options: Any) -> Any:
        """Calls a method, and returns its result. Takes the options of :meth:`ask`."""
        return (await self.ask(method, params, **options)).value

    async def ask(
        self,
        method: str,
        params: Params = None,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        on_progress: Callable[[Any], None] | None = None,
    ) -> Answer:
        """Calls a method. Raises an RpcError, or a TimeoutError after the timeout.

        Cancelling the task that awaits it also cancels the call on the other side.
        """
        about: dict[str, Any] = {}
        if timeout is not None:
            about["timeout"] = max(timeout * 1000, 1)
        if metadata:
            about["metadata"] = dict(metadata)
        if on_progress is not None:
            about["progress"] = True
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        number = self._request(method, params, Pending(answer, on_progress), about)
        try:
            await self.drain()
            async with asyncio.timeout(timeout):
                return await answer
        except (asyncio.CancelledError, TimeoutError):
            if self._settle(number) is not None:
                self.tell("rpc.cancel", [number])
            raise

    def stream(
        self, method: str, params: Params = None, *, window: tuple[int, int] = WINDOW
    ) -> Items:
        """Calls a method whose answer is a stream, with this window."""

        def start(items: Items) -> int:
            pending = Pending(asyncio.Future(), items=items)
            return self._request(method, params, pending, {"window": list(window)})

        items = Items(window, start, self.tell)
        if not method.startswith("rpc."):
            items.begin()
        return items

    def notify(
        self,
        method: str,
        params: Params = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Sends a notification."""
        about = {"metadata": dict(metadata)} if metadata else {}
        _, held, _ = self._post({"method": method}, "params", params, None, about)
        self._exports.hold(held)

    def extend(self, method: str, params: list[Any]) -> int:
        """Sends progress or items, with the flag for the tagged form."""
        encoder, held, _ = self._encoder(offers=False)
        values = encoder.write(params)
        tagged = [True] if encoder.tagged else []
        size = self.send({"method": method, "params": values + tagged})
        self._exports.hold(held)
        return size

    def _request(
        self, method: str, params: Params, pending: Pending, about: dict[str, Any]
    ) -> int:
        number = next(self._ids)
        message = {"id": number, "method": method}
        _, held, offers = self._post(message, "params", params, number, about)
        self._exports.hold(held)
        pending.held, pending.offers = held, offers
        self._pending[number] = pending
        return number

    def _settle(self, number: Any) -> Pending | None:
        """Removes a pending call, and releases what was passed with it."""
        pending = self._pending.pop(number, None)
        if pending is not None:
            self._exports.release(pending.held)
            for offer in pending.offers:
                self._offers.pop(offer, None)
        return pending

    def _encoder(self, offers: bool) -> tuple[Encoder, set[int], set[int]]:
        """Encodes values, and records what was passed by reference and as a stream."""
        held: set[int] = set()
        offered: set[int] = set()

        def passed(value: Any) -> tuple[str, Any]:
            if isinstance(value, Remote):
                return "own", value.number
            if isinstance(value, AsyncIterable) and offers:
                number = self._exports.next_number()
                self._offers[number] = value
                offered.add(number)
                return "stream", number
            if callable(value):
                number = self._exports.number(value)
                held.add(number)
                return "fn", number
            raise TypeError(f"{type(value).__name__} cannot travel")

        return Encoder(passed), held, offered

    def _post(
        self,
        message: dict[str, Any],
        member: str,
        values: Any,
        id: Any,
        about: dict[str, Any],
    ) -> tuple[int, set[int], set[int]]:
        """Sends the headers of a message, then the message; both are encoded first."""
        is_call = member == "params"
        encoder, held, offered = self._encoder(offers=is_call and id is not None)
        if values is not None or not is_call:
            values = dict(values) if isinstance(values, Mapping) else values
            message[member] = encoder.write(values)
        if encoder.tagged:
            about = {**about, "tagged": True}
        frame = self.frame(message)
        if about:
            about = {"call" if is_call else "answer": id, **about}
            self.send({"method": "rpc.about", "params": about})
        self.write(frame)
        return len(frame), held, offered

    # ---- what has come ---------------------------------------------------------------

    def sort(self, message: dict[str, Any], size: int) -> bool:
        id, method = message.get("id", NOTIFICATION), message.get("method")
        params = message.get("params", [])
        if "method" not in message and ("result" in message or "error" in message):
            self._answered(id, message)
        elif id is not NOTIFICATION and not is_id(id):
            self.bad(None, 'Invalid Request: "id" is a string, a whole number or null')
            return False
        elif not isinstance(method, str) or not isinstance(params, (dict, list)):
            why = '"method" is a string, and "params" an object or an array'
            self.bad(None if id is NOTIFICATION else id, f"Invalid Request: {why}")
            return False
        elif id is NOTIFICATION and method.startswith("rpc."):
            try:
                self._extension(method, params, size)
            except (TypeError, ValueError, RpcError) as error:
                log.warning("%s: %s", method, error)
        else:
            self._called(id, method, params)
        return True

    def _extension(self, method: str, params: Any, size: int) -> None:
        match method, params:
            case "rpc.hello", _:
                self.greeted(params)
            case "rpc.about", {"answer": number}:
                if number in self._pending:
                    self._pending[number].about.update(params)
            case "rpc.about", {"call": number}:
                same = self._about is not None and self._about["call"] == number
                before = self._about if same and self._about else {}
                self._about = {**before, **params}
            case "rpc.cancel", [id, *reason]:
                call = self._calls.get(id)
                if call is not None and call.task is not None:
                    call.reason = str(reason[0]) if reason else ""
                    call.task.cancel()
            case "rpc.progress", [number, value, *tagged]:
                pending = self._pending.get(number)
                if pending is not None and pending.on_progress is not None:
                    pending.on_progress(self._values(value, tagged == [True]))
            case "rpc.next", [None, mark]:
                self.tell("rpc.pull", [None, mark])
            case "rpc.next", [number, items, *tagged]:
                pending = self._pending.get(number)
                if pending is not None and pending.items is not None:
                    try:
                        items = self._values(items, tagged == [True])
                    except (ValueError, RpcError) as error:
                        pending.items.give_up(str(error))
                    pending.items.put(items, size)
            case "rpc.pull", [id, items]:
                call = self._calls.get(id)
                if call is not None and call.credit is not None:
                    call.credit.pulled(items)
            case "rpc.keep", list():
                self._exports.hold(params)
            case "rpc.release", list():
                self._exports.release(params)

    def _values(self, value: Any, tagged: bool, borrowed: bool = False) -> Any:
        """Decodes a value. One reference is one object within a message."""
        remotes: dict[int, Remote] = {}

        def came(tag: str, payload: list[Any]) -> Any:
            number = payload[0]
            if tag == "own":
                return self._exports.at(number)
            if tag == "stream":
                return self.stream("rpc.stream", [number])
            if number not in remotes:
                methods = tuple(payload[1]) if tag == "ref" else ()
                holds = not borrowed
                remotes[number] = Remote(number, self.call, self.tell, holds, methods)
            return remotes[number]

        return read(value, came) if tagged else value

    def _answered(self, number: Any, message: dict[str, Any]) -> None:
        pending = self._settle(number) if type(number) is int else None
        if pending is None:
            return
        try:
            if "error" in message:
                raise from_wire(message["error"])
            tagged = pending.about.get("tagged") is True
            pending.succeed(self._values(message["result"], tagged))
        except (ValueError, RpcError) as error:
            pending.fail(error)

    def ended(self, reason: BaseException) -> None:
        for task in self._tasks:
            task.cancel()
        for number in list(self._pending):
            pending = self._settle(number)
            if pending is not None:
                pending.fail(ConnectionLost(str(reason)))

    # ---- calls of the peer -----------------------------------------------------------

    def _called(self, id: Any, method: str, params: Any) -> None:
        about, self._about = self._about or {}, None
        if about and about["call"] != (None if id is NOTIFICATION else id):
            log.warning("what was said of %r is lost: another call came", about["call"])
            about = {}
        if id in self._calls:
            why = f"the id {id!r} is in use"
            self.refuse(id, RpcError(why, Code.INVALID_REQUEST))
            return
        call = Call(self, id, method)
        call.learn(about)
        if id is not NOTIFICATION and id is not None:
            self._calls[id] = call
        work = self._work(call, params, about.get("tagged") is True)
        call.task = asyncio.create_task(work)
        self._tasks.add(call.task)
        call.task.add_done_callback(lambda task: self._done(call, task))

    async def _work(self, call: Call, params: Any, tagged: bool) -> None:
        limit = asyncio.timeout(call.timeout)
        try:
            async with limit:
                result = await self._carry_out(call, params, tagged)
            about = {"metadata": call.reply_metadata} if call.reply_metadata else {}
            if not call.is_notification:
                answer = {"id": call.id}
                _, held, _ = self._post(answer, "result", result, call.id, about)
                self._exports.hold(held)
        except Exception as error:
            if limit.expired():
                why = f"{call.method} did not finish in time"
                self._failed(call, RpcError(why, Code.TIMEOUT))
            else:
                self._failed(call, error)
        with suppress(ConnectionError):
            await self.drain()

    def _done(self, call: Call, task: asyncio.Task[None]) -> None:
        """A call was answered, or cancelled, perhaps before it started."""
        self._tasks.discard(task)
        if self._calls.get(call.id) is call:
            del self._calls[call.id]
        if task.cancelled() and self._lost is None:
            why = "the caller cancelled the call"
            why += f": {call.reason}" if call.reason else ""
            self._failed(call, RpcError(why, Code.ABORTED))

    def _failed(self, call: Call, error: Exception) -> None:
        if call.is_notification:
            log.warning("%s has failed: %s", call.method, error)
        else:
            self.refuse(call.id, error)

    async def _carry_out(self, call: Call, params: Any, tagged: bool) -> Any:
        try:
            params = self._values(params, tagged, borrowed=not call.is_notification)
        except ValueError as error:
            raise RpcError(str(error), Code.INVALID_PARAMS) from None
        given = self._open(call, params)
        if inspect.isawaitable(given):
            given = await given
        if not isinstance(given, (AsyncIterator, Iterator)):
            return given
        items = given if isinstance(given, AsyncIterator) else each_of(given)
        try:
            if call.window is None:
                return [item async for item in items]
            call.credit = Credit(*call.window)
            async for item in items:
                await call.credit.wait()
                call.credit.sent(self.extend("rpc.next", [call.id, [item]]))
                await self.drain()
        finally:
            if hasattr(items, "aclose"):
                await items.aclose()
        return None

    def _open(self, call: Call, params: Any) -> Any:
        match call.method, params:
            case "rpc.stream", [number] if number in self._offers:
                return aiter(self._offers.pop(number))
            case "rpc.stream", _:
                raise RpcError(f"there is no stream {params}", Code.INVALID_PARAMS)
            case "rpc.call", [number, None, [*args]]:
                return self._exports.at(number)(*args)
            case "rpc.call", _:
                raise RpcError("it has no such method", Code.METHOD_NOT_FOUND)
        handler = self._handlers.get(call.method)
        if handler is None:
            why = f'the method "{call.method}" is unknown'
            raise RpcError(why, Code.METHOD_NOT_FOUND)
        args, named = ([], params) if isinstance(params, dict) else (params, {})
        try:
            inspect.signature(handler).bind(call, *args, **named)
        except TypeError as error:
            raise RpcError(f"{call.method}: {error}", Code.INVALID_PARAMS) from None
        return handler(call, *args, **named)


def is_id(value: Any) -> bool:
    """Whether it may be the id of a request."""
    return value is None or type(value) in (str, int)


async def connect(
    host: str, port: int, handlers: Handlers | None = None, max_frame: int = MAX_FRAME
) -> Peer:
    """Dials a side that serves."""
    # The maximum length of a line is 64 KiB by default.
    reader, writer = await asyncio.open_connection(host, port, limit=max_frame)
    return Peer(reader, writer, handlers or {}, True, max_frame)


async def serve(
    host: str,
    port: int,
    handlers: Handlers,
    joined: Callable[[Peer], None] = lambda peer: None,
    max_frame: int = MAX_FRAME,
) -> asyncio.Server:
    """Serves every peer that dials; ``joined`` is called for each."""

    async def accept(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = Peer(reader, writer, handlers, False, max_frame)
        joined(peer)
        await peer.wait_closed()

    return await asyncio.start_server(accept, host, port, limit=max_frame)
