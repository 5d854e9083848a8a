"""Serves by aiozmq until its standard input ends; with the addresses of Obverse sides as arguments, calls them."""

import asyncio
import datetime
import sys

import aiozmq.rpc

UTC = datetime.timezone.utc
seen = []


class Maths(aiozmq.rpc.AttrHandler):
    @aiozmq.rpc.method
    def add(self, a, b=0):
        return a + b


class OwnError(Exception):
    pass


class Handler(aiozmq.rpc.AttrHandler):
    maths = Maths()

    @aiozmq.rpc.method
    def echo(self, value):
        return value

    @aiozmq.rpc.method
    def fail(self, message):
        raise ValueError(message)

    @aiozmq.rpc.method
    def failOwn(self, code):
        raise OwnError(code, 'custom')

    @aiozmq.rpc.method
    def day(self):
        return datetime.date(2020, 2, 29)

    @aiozmq.rpc.method
    def iso(self, when):
        return when.isoformat()

    @aiozmq.rpc.method
    def note(self, text, n=0):
        seen.append([text, n])

    @aiozmq.rpc.method
    def seen(self):
        return seen

    @aiozmq.rpc.method
    async def later(self, seconds):
        await asyncio.sleep(seconds)
        return 'later'


async def serve():
    address = 'tcp://127.0.0.1:*'
    rpc = await aiozmq.rpc.serve_rpc(Handler(), bind=address)
    pipeline = await aiozmq.rpc.serve_pipeline(Handler(), bind=address)
    pubsub = await aiozmq.rpc.serve_pubsub(Handler(), subscribe='news', bind=address)
    print(*(next(iter(each.transport.bindings())) for each in (rpc, pipeline, pubsub)), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def told(what, call):
    try:
        print(what, repr(await call))
    except Exception as error:
        print(what, type(error).__name__, *error.args)


async def call(rpc, pipeline, pubsub):
    client = await aiozmq.rpc.connect_rpc(connect=rpc, timeout=20)
    await told('add', client.call.maths.add(2, b=40))
    await told('twice', client.call.maths.add(2, a=40))
    await told('echo', client.call.echo(b'\x00\xff'))
    await told('utc', client.call.echo(datetime.datetime(2020, 2, 29, 10, 20, 30, 456000, tzinfo=UTC)))
    await told('fail', client.call.fail('on purpose'))
    await told('nope', client.call.nope())
    await told('wrong', client.call.maths.add(1, c=2))
    pusher = await aiozmq.rpc.connect_pipeline(connect=pipeline)
    await pusher.notify.note('by push', n=1)
    publisher = await aiozmq.rpc.connect_pubsub(connect=pubsub)
    seen = []
    while len(seen) < 2:
        # What is published before the subscription has arrived is lost.
        if not any(text == 'by pub' for text, _ in seen):
            await publisher.publish('news').note('by pub', n=2)
            await publisher.publish('other').note('never', n=3)
        seen = sorted(set(await client.call.seen()))
    print('seen', *seen)
    for each in (client, pusher, publisher):
        each.close()


asyncio.run(call(*sys.argv[1:]) if sys.argv[1:] else serve())
