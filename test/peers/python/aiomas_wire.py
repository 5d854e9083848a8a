"""The wire of aiomas 2.0 with the standard library: a server that calls its client back. Arguments: json or msgpack."""

import json
import socket
import struct
import sys
import traceback

REQUEST, RESULT, EXCEPTION = range(3)

if sys.argv[1] == 'msgpack':
    import msgpack

    pack, unpack = msgpack.packb, msgpack.unpackb
else:

    def pack(value):
        return json.dumps(value).encode('utf-8')

    def unpack(data):
        return json.loads(data.decode('utf-8'))


class Channel:
    def __init__(self, connection):
        self.connection = connection
        self.reader = connection.makefile('rb')
        self.next = 0

    def send(self, *message):
        payload = pack(list(message))
        self.connection.sendall(struct.pack('!L', len(payload)) + payload)

    def receive(self):
        header = self.reader.read(4)
        return unpack(self.reader.read(struct.unpack('!L', header)[0])) if len(header) == 4 else None

    def call(self, path, *args, **kwargs):
        """Calls the other side, whose requests wait meanwhile."""
        self.send(REQUEST, self.next, [path, args, kwargs])
        self.next += 1
        kind, number, content = self.receive()
        assert number == self.next - 1
        return [kind, content]


notes = []


def fail(channel, message):
    raise ValueError(message)


def missing(channel):
    raise LookupError('Name "nope" not found in ""')


functions = {
    'maths/add': lambda channel, a, b=0: a + b,
    'echo': lambda channel, value: value,
    'fail': fail,
    'nope': missing,
    'nan': lambda channel: float('nan'),
    'note': lambda channel, text: notes.append(text),
    'notes': lambda channel: notes,
    'back': lambda channel, path, args, kwargs: channel.call(path, *args, **kwargs),
}

server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
channel = Channel(server.accept()[0])
while True:
    message = channel.receive()
    if message is None:
        break
    _, number, (path, args, kwargs) = message
    try:
        channel.send(RESULT, number, functions[path](channel, *args, **kwargs))
    except Exception:
        channel.send(EXCEPTION, number, traceback.format_exc())
