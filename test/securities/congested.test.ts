import { expect, it } from 'vitest';
import { endpointOf } from '../../src/api/side-class.js';
import { type Frame, outgoing, type Receivers, RemoteAPI, type Sealed, type Security } from '../../src/index.js';
import { Log, until } from '../support/core-waiting.js';

class Ticker extends RemoteAPI {
  @outgoing news(_receivers: Receivers, _args: { n: number; text: string }): void {}
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

it('sends header and message of a sealed message together, or neither, to a peer that does not read', async () => {
  const log = new Log();
  const limits = { bufferedBytes: 100_000 };
  await using server = await Ticker.serve('tcp://127.0.0.1:0', { security: new Encoded(), logger: log, limits });
  await using client = await Ticker.invert().connect(server.address, { security: new Encoded(), logger: log });
  const heard: number[] = [];
  client.news.connect((_sender, { n }) => void heard.push(n));
  await until(() => server.peers.size === 1);
  const link = endpointOf(client).peerRegistry.allSessions()[0]?.link;
  const sent: number[] = [];
  let refused = 0;
  // The bound is reached at other places of a message each time.
  for (let round = 0; round < 20; round++) {
    link?.pause();
    for (let n = sent.length + 1; ; n = sent.length + 1) {
      try {
        server.news([...server.peers.values()][0] ?? null, { n, text: 'x'.repeat(10 + 997 * round) });
        sent.push(n);
      } catch (error) {
        expect(error).toMatchObject({ code: -32014 });
        refused++;
        break;
      }
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    link?.resume();
    await until(() => heard.length >= sent.length || log.warnings.length > 0);
    expect(log.texts).toEqual([]);
    expect(heard).toEqual(sent);
  }
  expect(refused).toBe(20);
});
