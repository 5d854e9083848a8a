// The process that listens.
import type { Peer } from 'obverse';
import { answerParent } from '../run/parent.js';
import { BEAT_MS, type RunOptions, sideOptions, Traffic } from './spec.js';
import { countFrom, Sender, sleep } from './traffic.js';

let end: Awaited<ReturnType<typeof listen>> | undefined;

async function listen(options: RunOptions) {
  const { address, codec, mode } = options;
  const side = await Traffic.serve(address, { codec, logger: null, ...sideOptions(mode) } as never);
  let client: Peer | undefined;
  const sender = new Sender(options, () => {
    const peer = client;
    if (peer === undefined || !side.peers.has(peer.id)) return undefined;
    return {
      call: (n) => side.down(peer, { n }),
      note: (n) => side.noteDown(peer, { n }),
      items: (from) => side.countDown(peer, { from, ms: 0 }),
    };
  });
  // Without a heartbeat, the server does not notice that a silent link is dead.
  const closeUnless = (holds: () => boolean, peer: Peer): void => {
    if (!holds()) void peer.close();
  };
  if (mode !== 'resume')
    side.on('connect', (peer) => void setTimeout(closeUnless, 2 * BEAT_MS, () => client === peer, peer));
  side.join.connect(({ peer }) => {
    if (client !== undefined) closeUnless(() => client === peer, client);
    client = peer;
  });
  side.beat.connect(() => {});
  side.up.connect((_sender, { n }) => sender.ledger.ran(n));
  side.noteUp.connect((_sender, { n }) => sender.ledger.heard(n));
  side.countUp.connect((_sender, { from }) => countFrom(from));
  side.watch.connect(async ({ signal }, { each, from, ms }) => {
    for (let n = from; !signal.aborted && sender.isRunning; n++) {
      await each(n);
      await sleep(ms);
    }
  });
  return { side, sender };
}

function tables() {
  const { peers, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes } = end!.side.stats();
  return { peers, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes };
}

answerParent({
  async start(options: RunOptions) {
    end = await listen(options);
    return end.side.address;
  },
  stop: () => end?.sender.stop(),
  open: () => end?.sender.ledger.open,
  tables,
  account: () => end?.sender.ledger.account(),
  memory() {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage();
  },
  close: () => end?.side.close(),
});
