"""Programs of aiozmq for the tests of endpoints, and one that is hostile. The first argument is which."""

import asyncio
import sys

import aiozmq.rpc
import msgpack


class Named(aiozmq.rpc.AttrHandler):
    def __init__(self, name):
        self.name = name

    @aiozmq.rpc.method
    def who(self):
        return self.name

    @aiozmq.rpc.method
    async def wait(self):
        # Whoever is closed cancels it, which it would report.
        try:
            await asyncio.sleep(1_000)
        except asyncio.CancelledError:
            pass

    @aiozmq.rpc.method
    def echo(self, value):
        return value


async def line():
    """The next line of the standard input; None at its end."""
    text = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return text.strip() or None


async def serve(name):
    service = await aiozmq.rpc.serve_rpc(Named(name), bind='tcp://127.0.0.1:*')
    print(next(iter(service.transport.bindings())), flush=True)
    # Each line is another endpoint to bind, or one to end.
    while (text := await line()) is not None:
        what, endpoint = text.split()
        await (service.transport.bind if what == 'bind' else service.transport.unbind)(endpoint)
        print(*service.transport.bindings(), flush=True)


async def answers(client, count):
    told = await asyncio.gather(*(client.call.who() for _ in range(count)))
    print(*sorted(set(told)), flush=True)


async def roam(first, second):
    """Connects to a server, then to another one too, then to that one alone."""
    client = await aiozmq.rpc.connect_rpc(connect=first, timeout=20)
    await answers(client, 10)
    await client.transport.connect(second)
    await answers(client, 10)
    await client.transport.disconnect(first)
    await answers(client, 10)
    client.close()


async def hostile(address, mark):
    """Sends pickles that touch a file, as arguments and by name, and malformed messages."""
    evil = f'cos\nsystem\n(S"touch {mark}"\ntR.'.encode()
    client = await aiozmq.rpc.connect_rpc(connect=address, timeout=20)
    for code in range(123, 128):
        print(await client.call.kind(msgpack.ExtType(code, evil)), flush=True)
    print(await client.call.kind(value={'deep': [msgpack.ExtType(126, evil)]}), flush=True)
    try:
        print(await client.call.echo(msgpack.ExtType(126, evil)))
    except Exception as error:
        print(type(error).__name__, *error.args)
    client.close()


programs = {'serve': serve, 'roam': roam, 'hostile': hostile}
asyncio.run(programs[sys.argv[1]](*sys.argv[2:]))
