import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { stopClock } from '../../src/testing/clock.js';
import { RawClient } from '../support/ws-raw.js';
import {
  closeSides,
  connect,
  connectStandard,
  lendWebSocket,
  otherServers,
  serve,
  until,
} from '../support/ws-sides.js';

lendWebSocket();

const strangers = otherServers();
afterEach(closeSides);

/** A server that is not Obverse, and the subprotocols that each of its clients has offered. */
async function stranger(handleProtocols?: (offered: Set<string>) => string | false) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...(handleProtocols && { handleProtocols }) });
  strangers.push(server);
  const offered: (string | undefined)[] = [];
  server.on('headers', (_headers, request: IncomingMessage) => {
    offered.push(request.headers['sec-websocket-protocol']);
  });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}`, offered, server };
}

describe('a client by the standard WebSocket, which is told no reason', () => {
  /** Refuses each handshake, and counts them. */
  async function refusing(port: number) {
    let dials = 0;
    const server = net.createServer((socket) => {
      dials++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const refused = async (): Promise<number> => {
      const before = dials;
      await expect(connectStandard(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`)).rejects.toThrow(
        ConnectionLost,
      );
      return dials - before;
    };
    return { refused, close: () => server.close() };
  }

  it('dials without subprotocols as well, but not where it has just met Obverse: it would miss it while it is started', async () => {
    const stranger = await refusing(0);
    expect(await stranger.refused()).toBe(2);
    stranger.close();

    const server = await serve();
    const client = await connectStandard(server.address);
    await client.ear();
    await server.transport.close();
    const again = await refusing(Number(new URL(server.address).port));
    expect(await again.refused()).toBe(1);
    using clock = stopClock();
    await clock.turn(600_000);
    expect(await again.refused()).toBe(2);
    again.close();
  });
});

const clients = [
  { name: 'by the package', dial: connect },
  { name: 'by the standard WebSocket', dial: connectStandard },
] as const;

for (const { name, dial } of clients) {
  describe(`a client ${name}`, () => {
    it('detects that the server is Obverse too', async () => {
      const server = await serve();
      const client = await dial(server.address);
      expect((await server.ear()).link.agreed).toBe(true);
      expect((await client.ear()).link.agreed).toBe(true);
    });

    it('does not mistake for Obverse a server that picks the first subprotocol', async () => {
      const { url, offered } = await stranger();
      const ear = await (await dial(url)).ear();
      expect(offered[0]).toMatch(/^jrpc, ?obverse\.jrpc/);
      expect(ear.link.agreed).toBe(false);
      ear.link.send(['hello']);
      expect(await ear.heard(1)).toEqual(['echo hello']);
    });

    it('offers nothing in the second attempt to a server without subprotocols', async () => {
      const { url, offered } = await stranger(() => false);
      const ear = await (await dial(url)).ear();
      expect(offered).toHaveLength(2);
      expect(offered[1]).toBeUndefined();
      expect(ear.link.agreed).toBe(false);
      ear.link.send(['hello']);
      expect(await ear.heard(1)).toEqual(['echo hello']);
    });

    it('offers nothing without hello', async () => {
      const { url, offered } = await stranger();
      const ear = await (await dial(url, { hello: false })).ear();
      expect(offered).toEqual([undefined]);
      expect(ear.link.agreed).toBe(false);
    });

    it('does not agree with a server without hello', async () => {
      const server = await serve(undefined, { hello: false });
      const client = await dial(server.address);
      expect((await server.ear()).link.agreed).toBe(false);
      expect((await client.ear()).link.agreed).toBe(false);
    });

    it('receives the codec of a server with another one', async () => {
      const server = await serve();
      const opening = dial(server.address, { codec: 'msgpack', form: 'bytes' });
      await expect(opening).rejects.toThrow(ConnectionLost);
      await expect(opening).rejects.toThrow('this server uses the codec jrpc, not msgpack');
      expect(server.ears).toHaveLength(0);
    });

    it('offers the subprotocols of the application first', async () => {
      const { url, offered } = await stranger();
      await dial({ url, protocols: ['mcp', 'v2'] });
      expect(offered[0]).toMatch(/^mcp, ?v2, ?jrpc, ?obverse\.jrpc/);
    });

    it('offers only those of the application to a server that picks none of them', async () => {
      const { url, offered } = await stranger((names) => (names.has('jrpc') ? false : 'mcp'));
      const ear = await (await dial({ url, protocols: 'mcp' })).ear();
      expect(offered[1]).toBe('mcp');
      expect(ear.link.agreed).toBe(false);
    });

    it('rejects after that', async () => {
      const { url, offered } = await stranger(() => false);
      await expect(dial({ url, protocols: 'mcp' })).rejects.toThrow(ConnectionLost);
      expect(offered).toHaveLength(2);
    });

    it('does not offer a codec whose name is not a valid subprotocol', async () => {
      const { url, offered } = await stranger();
      await dial(url, { codec: 'my codec' });
      expect(offered).toEqual([undefined]);
    });
  });
}

describe('a server', () => {
  const answer = async (address: string, ...offer: string[]): Promise<string | undefined> => {
    const client = await RawClient.dial(address, ...offer.map((names) => `Sec-WebSocket-Protocol: ${names}`));
    const [, protocol] = /^sec-websocket-protocol: (.*)$/im.exec(client.head) ?? [];
    const status = client.head.slice(9, 12);
    client.socket.destroy();
    return status === '101' ? protocol : `${status} ${client.received}`;
  };

  it.each([
    ['nothing of nothing', [], undefined],
    ['the plain name', ['jrpc'], 'jrpc'],
    ['its own name, in any position', ['jrpc, obverse.jrpc'], 'obverse.jrpc'],
    ['its own name, also beside others', ['obverse.msgpack, obverse.jrpc'], 'obverse.jrpc'],
    ['none of unknown subprotocols', ['graphql-ws, soap'], undefined],
    ['the common one with a client that is not Obverse', ['graphql-ws, jrpc'], 'jrpc'],
    [
      'nothing of an Obverse of another codec',
      ['msgpack, obverse.msgpack'],
      '400 this server uses the codec jrpc, not msgpack',
    ],
  ])('picks %s', async (_what, offer, taken) => {
    const { address } = await serve();
    expect(await answer(address, ...offer)).toBe(taken);
  });

  it('picks a subprotocol of the application if there is no better one', async () => {
    const { address } = await serve({ url: 'ws://127.0.0.1:0', protocols: ['v2', 'v1'] });
    expect(await answer(address, 'v1, v2')).toBe('v2');
    expect(await answer(address, 'v1, jrpc')).toBe('jrpc');
  });

  it('reports in a close frame to a client that cannot read a status, and accepts no link', async () => {
    const server = await serve();
    const client = await RawClient.dial(server.address, 'Sec-WebSocket-Protocol: obverse.msgpack, obverse');
    expect(client.head).toMatch(/^Sec-WebSocket-Protocol: obverse$/m);
    await client.until(() => client.closed);
    expect(client.closeFrame).toEqual({ code: 1002, text: 'this server uses the codec jrpc, not msgpack' });
    expect(server.ears).toHaveLength(0);
  });
});

describe('a peer that receives the reason', () => {
  it('has it as the reason of its end', async () => {
    const server = await serve();
    const client = await connect(server.address);
    const [there, here] = [await server.ear(), await client.ear()];
    there.link.close(new ProtocolError('that was the tenth frame that could not be read'));
    const reason = await here.ended();
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason!.message).toContain('that was the tenth frame that could not be read');
  });

  it('does not receive reasons that do not concern it', async () => {
    const server = await serve();
    const client = await RawClient.dial(server.address);
    (await server.ear()).link.close(new Error('the password of the database is wrong'));
    await until(() => client.closed);
    expect(client.closeFrame).toEqual({ code: 1011, text: '' });
  });
});
