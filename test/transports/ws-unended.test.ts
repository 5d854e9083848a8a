import { afterEach, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/contract/errors.js';
import { closeSides, connectStandard } from '../support/ws-sides.js';

/** The WebSocket of Node 22 if nobody listens: it emits an error, and never a close event. */
class Unended {
  static made: (string[] | undefined)[] = [];
  onerror: ((event: object) => void) | null = null;
  onclose: ((event: object) => void) | null = null;
  readonly readyState = 0;

  constructor(_url: string, protocols?: string[]) {
    Unended.made.push(protocols);
    setTimeout(() => this.onerror?.({ message: 'Received network error or non-101 status code.' }), 5);
  }

  close(): void {}
}

afterEach(async () => {
  vi.unstubAllGlobals();
  await closeSides();
});

it('does not wait for a runtime that emits an error without a close event', async () => {
  vi.stubGlobal('WebSocket', Unended);
  const opening = connectStandard('ws://127.0.0.1:9', { limits: { connectMs: 10_000 } });
  await expect(opening).rejects.toThrow(ConnectionLost);
  await expect(opening).rejects.toThrow(
    'cannot connect to ws://127.0.0.1:9: Received network error or non-101 status code; check that a server listens there',
  );
  // With the subprotocols of two Obverse peers, and once more without.
  expect(Unended.made).toHaveLength(2);
});
