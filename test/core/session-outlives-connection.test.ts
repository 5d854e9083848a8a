import { afterEach, expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import type { Frame, Transport } from '../../src/contract/contract.js';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { attach, leaveConnection } from '../../src/session/change-connection.js';
import { Connection } from '../../src/session/connection.js';
import type { Journal } from '../../src/session/journal.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { until } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
}

/** Keeps the session when its connection is lost, and counts. Nothing is sent again: here all that was sent has arrived. */
class CountingJournal implements Journal {
  readonly sent: Frame[] = [];
  received = 0;

  constructor(private readonly session: RpcSession) {
    session.journal = this;
  }

  admits(): boolean {
    return true;
  }

  given(messages: readonly Frame[]): readonly Frame[] {
    this.sent.push(...messages);
    return messages;
  }

  came(): void {
    this.received++;
  }

  lost(): boolean {
    leaveConnection(this.session);
    return true;
  }
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** The first connection over another transport of a side. */
async function connectionOf(side: object, source: string): Promise<{ transport: Transport; made: Connection[] }> {
  const endpoint = endpointOf(side);
  const transport = await endpoint.makeTransport(source);
  const made: Connection[] = [];
  open.push(transport);
  await transport.open((link) => {
    const connection = new Connection(link, endpoint);
    connection.agreed = true;
    // What arrives waits until the session has gone over.
    connection.inboundQueue.hold();
    made.push(connection);
    return connection;
  });
  return { transport, made };
}

it('goes on over another connection with a journal: calls that are open in both directions get their replies', async () => {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null });
  const client = await Desk.invert().connect(server.address, { logger: null });
  open.push(client, server);
  await until(() => server.peers.size === 1);
  const [near, far] = [client, server].map((side) => endpointOf(side).peerRegistry.allSessions()[0]) as [
    RpcSession,
    RpcSession,
  ];
  await until(() => near.agreed && far.agreed);
  const journals = [new CountingJournal(near), new CountingJournal(far)] as const;
  const gone: string[] = [];
  for (const side of [server, client]) side.on('disconnect', ({ id }) => void gone.push(id));
  const begun: number[] = [];
  const release: (() => void)[] = [];
  const later = (n: number): Promise<number> => {
    begun.push(n);
    return new Promise((resolve) => void release.push(() => resolve(n * 2)));
  };
  server.ask.connect((_sender, { n }) => later(n));
  client.confirm.connect((_sender, { n }) => later(n));

  const replies = [client.ask(null, { n: 1 }), server.confirm(null, { n: 2 })];
  await until(() => begun.length === 2);
  near.link.close(new Error('cut'));
  await until(() => near.connection === undefined && far.connection === undefined);
  // Calls that are made, and replies that are ready, while there is no connection.
  replies.push(client.ask(null, { n: 3 }), server.confirm(null, { n: 4 }));
  for (const each of release.splice(0)) each();
  await new Promise((resolve) => setImmediate(resolve));
  expect([near.open, far.open]).toEqual([2, 2]);
  expect(begun.toSorted()).toEqual([1, 2]);

  const listening = await connectionOf(server, 'tcp://127.0.0.1:0');
  const dialing = await connectionOf(client, listening.transport.address);
  await until(() => listening.made.length === 1);
  const arrived = [dialing.made[0], listening.made[0]] as [Connection, Connection];
  for (const [at, session] of [near, far].entries()) attach(session, arrived[at] as Connection);
  for (const connection of arrived) connection.queue?.release();
  await until(() => begun.length === 4);
  for (const each of release.splice(0)) each();
  expect(await Promise.all(replies)).toEqual([2, 4, 6, 8]);
  expect(journals.map(({ sent, received }) => [sent.length, received])).toEqual([
    [4, 4],
    [4, 4],
  ]);
  expect(gone).toEqual([]);
  expect(near.connection).toBe(arrived[0]);
});

it('ends with its connection without a journal', async () => {
  const server = await Desk.serve('tcp://127.0.0.1:0', { logger: null });
  const client = await Desk.invert().connect(server.address, { logger: null });
  open.push(client, server);
  server.ask.connect(() => new Promise<number>(() => {}));
  const session = endpointOf(client).peerRegistry.allSessions()[0] as RpcSession;
  const reply = client.ask(null, { n: 1 });
  await until(() => server.stats().activeCalls === 1);
  session.link.close(new Error('cut'));
  await expect(reply).rejects.toMatchObject({ name: 'ConnectionLost' });
});
