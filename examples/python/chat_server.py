"""Serves the chat of examples/chat.ts for sides of Obverse."""

from __future__ import annotations

import asyncio
import sys

from obverse_calls import Call
from obverse_peer import Peer, serve

people: dict[Peer, str] = {}


def join(call: Call, name: str) -> int:
    """Enters the room, and notifies everybody. Returns the number of people in it."""
    people[call.peer] = name
    for peer in people:
        peer.notify("said", {"from": "the room", "text": f"{name} is here"})
    return len(people)


async def left(peer: Peer) -> None:
    """Waits until somebody leaves."""
    await peer.wait_closed()
    people.pop(peer, None)


async def main(port: int) -> None:
    """Serves until it is interrupted."""
    waits: set[asyncio.Task[None]] = set()

    def joined(peer: Peer) -> None:
        task = asyncio.create_task(left(peer))
        waits.add(task)
        task.add_done_callback(waits.discard)

    server = await serve("127.0.0.1", port, {"join": join}, joined)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888
    try:
        asyncio.run(main(port))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        sys.exit(f"cannot serve on 127.0.0.1:{port}: {error}")
