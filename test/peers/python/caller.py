"""Dials a port, and calls what its input says, a line of JSON for each call; prints what becomes of them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "python"))

from obverse_errors import RpcError  # noqa: E402
from obverse_peer import Peer, connect  # noqa: E402
from obverse_values import Encoder, read  # noqa: E402


async def letters(call: Any) -> AsyncIterator[str]:
    """What docs/wire.md streams to Obverse."""
    yield "a"
    yield "b"


async def numbers() -> AsyncIterator[int]:
    """What it passes as an argument."""
    for number in (1, 2, 3):
        yield number


passed: dict[int, Any] = {}


def came(tag: str, payload: list[Any]) -> Any:
    """What stands in the page for something that is passed."""
    match tag:
        case "fn":
            return lambda who: f"hello {who}"
        case "stream":
            return numbers()
    return passed[payload[0]]


async def work(peer: Peer, order: dict[str, Any]) -> None:
    """Makes one call of the page, and prints its outcome."""
    method, params, about = order["method"], order.get("params"), order["about"]
    if about.get("tagged"):
        params = read(params, came)
    options: dict[str, Any] = {"metadata": about.get("metadata")}
    if "timeout" in about:
        options["timeout"] = about["timeout"] / 1000
    steps: list[Any] = []
    if about.get("progress"):
        options["on_progress"] = steps.append
    outcome: dict[str, Any] = {}
    try:
        if method == "rpc.call":
            outcome["result"] = await passed[params[0]](*params[2])
        elif "window" in about:
            items = peer.stream(method, params, window=tuple(about["window"]))
            outcome["items"] = [item async for item in items]
            outcome["result"] = None
        else:
            answer = await peer.ask(method, params, **options)
            if callable(answer.value):
                passed[answer.value.number] = answer.value
            outcome["result"] = Encoder(lambda value: ("fn", value.number)).write(
                answer.value
            )
            outcome["metadata"] = answer.metadata
    except RpcError as error:
        outcome["code"] = error.code
    print(json.dumps({"id": order["id"], "steps": steps, **outcome}), flush=True)


async def main() -> None:
    handlers = {"name": lambda call: "ann", "letters": letters}
    peer = await connect("127.0.0.1", int(sys.argv[1]), handlers)
    tasks: list[asyncio.Task[None]] = []
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if "id" in order:
            tasks.append(asyncio.create_task(work(peer, order)))
        elif order["method"] == "rpc.release":
            passed[order["params"][0]].release()
        else:
            peer.notify(order["method"], order.get("params"), order["about"].get("metadata"))
    await peer.close()


asyncio.run(main())
