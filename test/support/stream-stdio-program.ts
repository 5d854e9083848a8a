import { parseAddress } from '../../src/contract/address.js';
import type { Link } from '../../src/contract/contract.js';
import { wireFor } from '../../src/testing/transport.js';
import stdio from '../../transports/stdio.js';

/**
 * A program that communicates over its standard streams, in one of several ways. Everything but frames goes to standard
 * error.
 */
const say = (what: unknown): void => {
  process.stderr.write(`${JSON.stringify(what)}\n`);
};

let came = 0;
let heard = (): void => {};
const frames = async (count: number): Promise<void> => {
  while (came < count) {
    await new Promise<void>((resolve) => {
      heard = resolve;
    });
  }
};

async function open(echo: boolean): Promise<{ link: Link; close(): Promise<void> }> {
  const transport = stdio(parseAddress('stdio:'), wireFor());
  let link!: Link;
  await transport.open((opened) => {
    link = opened;
    return {
      receive: (frame) => {
        say({ frame });
        came++;
        heard();
        if (echo) opened.send([frame]);
        if (frame === 'exit 3') process.exit(3);
        if (frame === 'close') void transport.close().then(() => say('closed'));
        if (frame === 'cut') opened.close(new Error('enough'));
        if (frame === 'flood and exit') {
          for (let n = 0; n < 10_000; n++) opened.send([`frame ${n}`]);
          void transport.close().then(() => process.exit(7));
        }
      },
      drained: () => {},
      closed: (reason) => say({ end: reason?.message ?? 'clean' }),
    };
  });
  return { link, close: () => transport.close() };
}

const ways: Record<string, () => Promise<void>> = {
  /** Answers every frame by itself, until the other side ends. */
  async echo() {
    await open(true);
  },
  /** Answers nothing. */
  async silent() {
    await open(false);
    say('open');
  },
  /** Opens, is refused a second time, closes, opens again, and closes for good; then it has nothing more to do. */
  async twice() {
    const first = await open(false);
    await open(false).catch((error: Error) => say({ refused: error.message }));
    first.link.send(['one']);
    await first.close();
    const second = await open(false);
    second.link.send(['two']);
    await frames(1);
    await second.close();
    say({ left: process.getActiveResourcesInfo(), listeners: process.stdin.listenerCount('data') });
  },
  /** Opens again some time after the first link was closed abruptly. */
  async again() {
    await open(false);
    await frames(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await open(true);
    say('again');
  },
  /** Sends forever, as long as the output is read. */
  async flood() {
    const { link } = await open(false);
    setInterval(() => link.send(['.'.repeat(10_000)]), 1).unref();
  },
  /** Ends neither by itself nor by SIGTERM. */
  async stubborn() {
    process.on('SIGTERM', () => say('no'));
    await open(true);
    setInterval(() => {}, 1_000);
    say('ready');
  },
};

await ways[process.argv[2] ?? '']?.();
