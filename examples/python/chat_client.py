"""Joins a chat that a side of Obverse serves, and prints its messages."""

from __future__ import annotations

import asyncio
import sys

from obverse_calls import Call
from obverse_errors import RpcError
from obverse_peer import connect


def said(call: Call, **message: str) -> None:
    """Somebody said something. `from` is a keyword of Python, so it is in a dict."""
    print(f"{message['from']}: {message['text']}", flush=True)


async def main(port: int) -> None:
    """Joins as ann, and listens until the link ends."""
    peer = await connect("127.0.0.1", port, {"said": said})
    people = await peer.call("join", {"name": "ann"}, timeout=5)
    print(f"{people} in the room", flush=True)
    await peer.wait_closed()


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8888
    try:
        asyncio.run(main(port))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except (OSError, RpcError) as error:
        sys.exit(f"no chat on 127.0.0.1:{port}: {str(error) or type(error).__name__}")
