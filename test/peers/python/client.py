"""Calls the side of test/peers/python.test.ts from Python: prints a line for each check."""

from __future__ import annotations

import array
import asyncio
import json
import math
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "python"))

from obverse_errors import Code, ConnectionLost, RpcError  # noqa: E402
from obverse_peer import Call, Peer, connect  # noqa: E402

told: asyncio.Queue[str] = asyncio.Queue()
given_up = asyncio.Event()


async def patient(call: Call) -> None:
    """Is at work until it is given up."""
    try:
        await asyncio.Event().wait()
    finally:
        given_up.set()


def name(call: Call) -> str:
    """Tells how far it is, and says something of its answer."""
    call.progress("half")
    call.reply_metadata["by"] = call.metadata.get("trace", "nobody")
    return "ann"


async def letters(call: Call) -> AsyncIterator[str]:
    """A stream of this side."""
    for letter in "python":
        yield letter


HANDLERS = {
    "name": name,
    "letters": letters,
    "patient": patient,
    "told": lambda call, text: told.put_nowait(text),
}


async def fails(awaitable: Any) -> RpcError:
    """The error that it raises."""
    try:
        await awaitable
    except RpcError as error:
        return error
    raise AssertionError("it did not fail")


async def calls(peer: Peer) -> None:
    assert await peer.call("add", {"a": 2, "b": 40}) == 42
    assert await peer.call("echo", ["by position"]) == "by position"
    many = [peer.call("add", {"a": n, "b": n}) for n in range(1000)]
    assert await asyncio.gather(*many) == [2 * n for n in range(1000)]


async def called(peer: Peer) -> None:
    assert await peer.call("greet") == "hello ann, by t1, half"


async def notifications(peer: Peer) -> None:
    peer.notify("tell", {"text": "hello"})
    assert await told.get() == "hello"


async def errors(peer: Peer) -> None:
    own = await fails(peer.call("fail", {"how": "own"}))
    assert (own.code, own.data, own.name) == (4001, {"away": 384_400}, None)
    known = await fails(peer.call("fail", {"how": "known"}))
    assert (known.code, known.data, known.name) == (-32000, {"shelf": 3}, "NotFound")
    assert isinstance(known.__cause__, RpcError)
    assert known.__cause__.name == "RangeError"
    unknown = await fails(peer.call("nonsense"))
    assert unknown.code == Code.METHOD_NOT_FOUND


async def metadata(peer: Peer) -> None:
    answer = await peer.ask("notes", metadata={"trace": "b2"})
    assert (answer.value, answer.metadata) == ({"trace": "b2"}, {"served": "here"})


async def progress(peer: Peer) -> None:
    steps: list[int] = []
    assert await peer.call("climb", {"to": 3}, on_progress=steps.append) == "at the top"
    assert steps == [1, 2, 3]


async def cancel(peer: Peer) -> None:
    task = asyncio.create_task(peer.call("wait"))
    while not await peer.call("waiting"):
        pass
    task.cancel()
    while await peer.call("waiting"):
        pass


async def cancelled(peer: Peer) -> None:
    given_up.clear()
    assert await peer.call("impatient") == "Aborted"
    await given_up.wait()


async def timeouts(peer: Peer) -> None:
    try:
        await peer.call("wait", timeout=0.05)
        raise AssertionError("it was answered")
    except (TimeoutError, RpcError) as error:
        late = isinstance(error, TimeoutError) or error.code == Code.TIMEOUT
        assert late, error
    left = await peer.call("left", timeout=60)
    assert 0 < left <= 60_000


async def streams(peer: Peer) -> None:
    items = [item async for item in peer.stream("count", {"to": 500}, window=(16, 500))]
    assert items == list(range(1, 501))
    async with aclosing(peer.stream("count", {"to": 10**9}, window=(4, 10_000))) as many:
        async for item in many:
            if item == 20:
                break
    large = peer.stream("texts", {"count": 10, "size": 200_000}, window=(4, 100_000))
    assert [len(text) async for text in large] == [200_000] * 10
    while await peer.call("streaming"):
        pass


async def streamed(peer: Peer) -> None:
    assert await peer.call("spell") == "python"


async def arguments(peer: Peer) -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(1000):
            yield number

    assert await peer.call("sum", {"numbers": numbers()}) == 499_500


async def functions(peer: Peer) -> None:
    assert await peer.call("visit", {"each": lambda who: f"hello {who}"}) == "hello ann"
    greet = await peer.call("visitor")
    assert await greet("bo") == "hello bo"
    greet.release()
    error = await fails(greet("bo"))
    assert error.code == Code.INVALID_PARAMS

    async def fail(who: str) -> None:
        raise RpcError("no visitors", 7)

    assert (await fails(peer.call("visit", {"each": fail}))).message == "no visitors"


async def values(peer: Peer) -> None:
    when = datetime(2026, 11, 30, 8, 15, tzinfo=timezone.utc)
    view = array.array("i", [1, -2])
    for value in [
        when, {1: "one", "two": when}, {"a", "b"}, 2**53 + 1, -(2**70), math.inf,
        b"\x00\xff", view, {"$rpc": 5}, [{"$rpc": ["set", []]}, when], "\ud800", "ä€😀", 0.1,
    ]:  # fmt: skip
        came = await peer.call("echo", [value])
        assert came == value and type(came) is type(value), (value, came)
    assert math.copysign(1, await peer.call("echo", [-0.0])) < 0
    assert math.isnan(await peer.call("echo", [math.nan]))
    assert await peer.call("kinds", [when, {1: 2}, {1}, 2**64, b"x", view]) == [
        "Date", "Map", "Set", "BigInt", "Uint8Array", "Int32Array",
    ]  # fmt: skip
    assert str(await peer.call("failure")) == "as a value"
    await fails(peer.call("unknown"))
    try:
        await peer.call("echo", [object()])
        raise AssertionError("an object travels")
    except TypeError:
        pass


async def large(peer: Peer) -> None:
    text = "x" * 900_000
    assert await peer.call("echo", [text]) == text
    error = await fails(peer.call("echo", ["x" * 2_000_000]))
    assert error.code == Code.TOO_LARGE


async def ends(peer: Peer) -> None:
    waiting = asyncio.create_task(peer.call("wait"))
    await asyncio.sleep(0)
    await peer.close()
    assert isinstance(await fails(waiting), ConnectionLost)
    assert isinstance(await fails(peer.call("add", {"a": 1, "b": 2})), ConnectionLost)


async def main() -> None:
    for check in (
        calls, called, notifications, errors, metadata, progress, cancel, cancelled,
        timeouts, streams, streamed, arguments, functions, values, large, ends,
    ):  # fmt: skip
        peer = await connect("127.0.0.1", int(sys.argv[1]), HANDLERS)
        failed = None
        try:
            async with asyncio.timeout(20):
                await check(peer)
        except BaseException as error:
            failed = f"{type(error).__name__}: {error}"
        print(json.dumps([check.__name__, failed]), flush=True)
        await peer.close()


asyncio.run(main())
