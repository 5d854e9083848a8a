"""The side of docs/wire.md, served by the peer in Python: prints its port, and ends with its input."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "python"))

from obverse_errors import RpcError  # noqa: E402
from obverse_peer import Call, serve  # noqa: E402


class NotFound(Exception):
    """An error with data."""

    data = {"shelf": 3}


def echo(call: Call, value: Any = None) -> Any:
    return value


async def greet(call: Call) -> str:
    return f"hello {await call.peer.call('name')}"


def tell(call: Call, text: str) -> None:
    call.peer.notify("told", {"text": text})


def notes(call: Call) -> Any:
    call.reply_metadata["served"] = "here"
    return call.metadata


async def wait(call: Call) -> None:
    await asyncio.Event().wait()


def climb(call: Call, to: int) -> str:
    for step in range(1, to + 1):
        call.progress(step)
    return "at the top"


async def ask(call: Call, how: str) -> Any:
    if how == "with metadata":
        return await call.peer.call("name", timeout=5, metadata={"trace": "a1"})
    gone = asyncio.create_task(
        call.peer.call("name", on_progress=lambda value: gone.cancel("no use"))
    )
    await asyncio.wait([gone])
    return "never mind"


def count(call: Call, to: int) -> Iterator[int]:
    yield from range(1, to + 1)


async def spell(call: Call) -> str:
    return "".join([letter async for letter in call.peer.stream("letters")])


async def total(call: Call, numbers: AsyncIterator[int]) -> int:
    return sum([number async for number in numbers])


async def visit(call: Call, each: Any) -> Any:
    given = each("ann")
    return await given if inspect.isawaitable(given) else given


def visitor(call: Call) -> Any:
    return lambda who: f"hello {who}"


def fail(call: Call, how: str) -> None:
    match how:
        case "own":
            raise RpcError("out of reach", 4001, {"away": 384_400})
        case "known":
            raise NotFound("no such book")
        case "caused":
            raise NotFound("no such shelf") from IndexError("3 is too high")
    raise TypeError("a is undefined")


HANDLERS = {
    "add": lambda call, *, a, b: a + b,
    "echo": echo,
    "greet": greet,
    "tell": tell,
    "notes": notes,
    "wait": wait,
    "climb": climb,
    "ask": ask,
    "count": count,
    "spell": spell,
    "sum": total,
    "visit": visit,
    "visitor": visitor,
    "fail": fail,
}


async def main() -> None:
    server = await serve("127.0.0.1", 0, HANDLERS, max_frame=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


asyncio.run(main())
