import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Extension } from '../../codecs/aiozmq.js';
import { ConnectionLost, incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { zmq } from '../../transports/zmq.js';
import { failure, until } from '../support/core-waiting.js';
import { freePort } from '../support/engines.js';
import { closeAll, closing } from './ends.js';
import { noPython, PythonProgram } from './python.js';

afterEach(closeAll);

const asked = { hasReply: true, allowPositionalArgs: true } as const;

class Named extends RemoteAPI {
  @incoming({ ...asked, params: [] }) who(sender: Sender): Reply<string> {}
  @incoming({ ...asked, params: [] }) wait(sender: Sender): Reply<null> {}
  @incoming({ ...asked, params: ['value'] }) echo(sender: Sender, value: unknown): Reply<unknown> {}
  @incoming({ ...asked, params: ['value'] }) kind(sender: Sender, value: unknown): Reply<string> {}
}

const options = { codec: 'aiozmq', logger: null } as const;

async function python(name: string) {
  const program = new PythonProgram('aiozmq_endpoints.py', 'serve', name);
  return { program, address: `zmq+${await program.line()}` };
}

async function serve(name: string, address: Parameters<typeof Named.serve>[0] = 'zmq+tcp://127.0.0.1:*') {
  const side = closing(await Named.serve(address, options));
  side.who.connect(() => name);
  return side;
}

/** Those that answer ten calls. */
async function answering(client: { readonly remote: { who(): Promise<string> } }): Promise<string> {
  const names = await Promise.all(Array.from({ length: 10 }, () => client.remote.who()));
  return [...new Set(names)].sort().join();
}

describe.skipIf(noPython !== '')(`endpoints of aiozmq, while it is running${noPython}`, { timeout: 60_000 }, () => {
  it('several servers of it behind one client: connected, disconnected, and one that is killed', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(python));
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
    const endpoints = zmq(`${a.address},${b.address.replace('zmq+', '')}`);
    const client = closing(await Named.invert().connect(endpoints, options));
    expect(await answering(client)).toBe('a,b');
    await endpoints.add(c.address);
    expect(await answering(client)).toBe('a,b,c');
    await endpoints.remove(a.address);
    expect(await answering(client)).toBe('b,c');
    const calls = [client.remote.wait(), client.remote.wait()].map((call) => failure(call));
    await b.program.kill();
    expect(await Promise.race(calls)).toBeInstanceOf(ConnectionLost);
    expect(await answering(client)).toBe('c');
    expect(client.pendingCalls()).toHaveLength(1);
  });

  it('a server of it that binds another endpoint, and ends the first', async () => {
    const { program, address } = await python('moved');
    const client = closing(await Named.invert().connect(zmq(address), options));
    expect(await client.remote.who()).toBe('moved');
    const second = `tcp://127.0.0.1:${await freePort()}`;
    program.write(`bind ${second}`);
    expect((await program.line())?.split(' ')).toContain(second);
    const other = closing(await Named.invert().connect(`zmq+${second}`, options));
    expect(await other.remote.who()).toBe('moved');
    program.write(`unbind ${address.replace('zmq+', '')}`);
    expect(await program.line()).toBe(second);
    const error = await failure(
      (async () => {
        for (;;) await client.remote.who();
      })(),
    );
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(await other.remote.who()).toBe('moved');
  });

  it('a client of it that connects to a second server, and leaves the first', async () => {
    const sides = await Promise.all(['one', 'two'].map((name) => serve(name)));
    const addresses = sides.map(({ address }) => address.replace('zmq+', ''));
    expect(await new PythonProgram('aiozmq_endpoints.py', 'roam', ...addresses).rest()).toEqual([
      'one',
      'one two',
      'two',
    ]);
  });

  it('an endpoint that a side has bound later, for clients of it', async () => {
    const endpoints = zmq('zmq+tcp://127.0.0.1:*');
    const side = await serve('here', endpoints);
    const first = side.address.replace('zmq+', '');
    const second = `tcp://127.0.0.1:${await freePort()}`;
    await endpoints.add(`zmq+${second}`);
    expect(await new PythonProgram('aiozmq_endpoints.py', 'roam', first, second).rest()).toEqual([
      'here',
      'here',
      'here',
    ]);
    await endpoints.remove(`zmq+${first}`);
    expect(side.address).toBe(`zmq+${second}`);
    expect(await closing(await Named.invert().connect(`zmq+${second}`, options)).remote.who()).toBe('here');
  });
});

describe.skipIf(noPython !== '')(`a hostile peer of aiozmq${noPython}`, { timeout: 60_000 }, () => {
  it('that sends pickles with code in them: they arrive as bytes, nobody executes them, and none is sent back', async () => {
    const mark = join(tmpdir(), `obverse-pickle-${process.pid}-${Date.now()}`);
    const side = closing(await Named.serve('zmq+tcp://127.0.0.1:*', { ...options, errors: 'message' }));
    const seen: unknown[] = [];
    side.echo.connect((_sender, value) => value);
    side.kind.connect((_sender, value) => {
      seen.push(value);
      return value instanceof Extension ? `extension ${value.type}` : 'a map';
    });
    const lines = await new PythonProgram(
      'aiozmq_endpoints.py',
      'hostile',
      side.address.replace('zmq+', ''),
      mark,
    ).rest();
    expect(lines.slice(0, 6)).toEqual([...[123, 124, 125, 126, 127].map((type) => `extension ${type}`), 'a map']);
    expect(lines[6]).toMatch(/pickle|InternalError|internal error/i);
    expect(seen[5]).toEqual({ deep: [expect.objectContaining({ type: 126 })] });
    // Once more from here to a server of it: only with `pickles=on`, which is asked for.
    const { address } = await python('victim');
    const client = closing(await Named.invert().connect(address, options));
    await expect(client.remote.echo(seen[3])).rejects.toThrow(/is a pickle, which the peer executes/);
    expect(await client.remote.who()).toBe('victim');
    await until(() => side.peers.size <= 1);
    expect(existsSync(mark)).toBe(false);
  });
});
