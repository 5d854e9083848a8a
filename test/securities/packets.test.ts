import { expect, it } from 'vitest';
import {
  type Frame,
  incoming,
  RemoteAPI,
  type Reply,
  type Sealed,
  type Security,
  type Sender,
} from '../../src/index.js';
import { Log } from '../support/core-waiting.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
}

/** Base64, with a header for each message. */
class Encoded implements Security {
  open(payload: Frame): Frame {
    return Buffer.from(payload as string, 'base64').toString();
  }
  seal(payload: Frame): Sealed {
    return { info: { by: 'encoded' }, payload: Buffer.from(payload as string).toString('base64') };
  }
}

it('carries the sealed messages of one turn over WebSocket, each in a frame of its own', async () => {
  const log = new Log();
  await using server = await Desk.serve('ws://127.0.0.1:0', { security: new Encoded(), logger: log });
  server.ask.connect((_sender, { n }) => n);
  await using client = await Desk.invert().connect(server.address, { security: new Encoded(), logger: log });
  expect(await client.ask(null, { n: 0 })).toBe(0);
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  expect(await Promise.all(numbers.map((n) => client.ask(null, { n })))).toEqual(numbers);
  expect(log.texts).toEqual([]);
  // A frame for each header and each message.
  expect(server.stats().framesReceived).toBeGreaterThanOrEqual(2 * 21);
});
