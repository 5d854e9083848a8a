import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  incoming,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type TransportSource,
} from '../../src/index.js';
import type { Handshake } from '../../src/types/authentication.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) whoami(_sender: Sender): Reply<unknown> {}
  @incoming({ hasReply: true, allow: ({ peer }) => (peer.user as { admin?: boolean } | undefined)?.admin === true })
  secret(_sender: Sender): Reply<string> {}
  @incoming note(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
  @outgoing told(_receivers: Receivers, _args: { n: number }): void {}
}

const undo: (() => unknown)[] = [];

export function atEnd(job: () => unknown): void {
  undo.push(job);
}

/** For `afterEach`. */
export async function clear(): Promise<void> {
  for (const each of undo.splice(0).reverse()) await each();
}

export const socketPath = (): string => `unix:${join(mkdtempSync(join(tmpdir(), 'auth-')), 's')}`;

/** Who has these tokens. */
export const users: Readonly<Record<string, object>> = {
  't0ken-ann': { id: 'ann', admin: true },
  't0ken-ben': { id: 'ben' },
};
export const byToken = ({ credentials }: Handshake): object | undefined => users[credentials as string];

/** A server that counts what it serves, and whom it knows. */
export async function serve(address: TransportSource, options: Options = { authenticate: byToken }) {
  const server = await Desk.serve(address, { logger: null, ...options });
  atEnd(() => server.close());
  const seen = { calls: 0, notes: [] as number[], peers: [] as string[] };
  server.whoami.connect(({ peer }) => {
    seen.calls++;
    return peer.user ?? 'nobody';
  });
  server.secret.connect(() => 'the cake');
  server.note.connect((_sender, { n }) => void seen.notes.push(n));
  for (const event of ['connect', 'disconnect'] as const) server.on(event, () => void seen.peers.push(event));
  return { server, seen };
}

export async function dial(address: TransportSource, options: Options = {}) {
  const client = await Desk.invert().connect(address, { logger: null, ...options });
  atEnd(() => client.close());
  client.confirm.connect((_sender, { n }) => n * 3);
  return client;
}
