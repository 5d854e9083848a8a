import { getEventListeners } from 'node:events';
import { afterEach, expect } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import {
  Aborted,
  type Inverted,
  incoming,
  type Options,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
} from '../../src/index.js';
import { until } from '../support/core-waiting.js';

export class Work extends RemoteAPI {
  @incoming({ hasReply: true }) hang(_sender: Sender, _args: { n?: number }): Reply<string> {}
  @incoming({ hasReply: true }) echo(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming run(_sender: Sender): void {}
}

export const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((side) => side.close()));
});

export async function sides(options: Options = {}): Promise<{ server: Side<Work>; client: Side<Inverted<Work>> }> {
  const server = await Work.serve('tcp://127.0.0.1:0', { logger: null, ...options });
  const client = await Work.invert().connect(server.address, { logger: null });
  open.push(client, server);
  return { server, client };
}

/** What a side holds for pending calls, in both directions. */
export function held(side: object): number {
  const sessions = endpointOf(side).peerRegistry.allSessions();
  return sessions.reduce((sum, session) => {
    const callQueue = (session as unknown as { callQueue?: { ids: Map<unknown, unknown>; unnamed: Set<unknown> } })
      .callQueue;
    return sum + session.pendingCount + (callQueue === undefined ? 0 : callQueue.ids.size + callQueue.unnamed.size);
  }, 0);
}

/** Cancels a thousand calls in each round, and expects that no listener and no table entry is left. */
export async function cancelThousands(rounds: number): Promise<void> {
  const { server, client } = await sides({ limits: { queuedCalls: 200_000 } });
  server.hang.connect(
    (sender) => new Promise((_, reject) => sender.signal.addEventListener('abort', () => reject(sender.signal.reason))),
  );
  const shared = new AbortController();
  for (let round = 0; round < rounds; round++) {
    const own = new AbortController();
    const calls = Array.from({ length: 1_000 }, (_, n) =>
      client.to(null, { signal: AbortSignal.any([own.signal]) }).hang({ n }),
    );
    const kept = client.to(null, { signal: shared.signal }).hang({});
    own.abort();
    const ended = await Promise.allSettled(calls);
    expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
    if (round < rounds - 1) void kept.catch(() => {});
    else shared.abort();
    if (round === rounds - 1) await expect(kept).rejects.toThrow(Aborted);
  }
  expect(getEventListeners(shared.signal, 'abort')).toEqual([]);
  expect(client.pendingCalls()).toEqual([]);
  await until(() => held(server) === 0 && held(client) === 0);
}
