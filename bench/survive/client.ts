// The process that dials, through the proxy.
import { answerParent } from '../run/parent.js';
import { BEAT_MS, ITEM_MS, type Joining, type RunOptions, sideOptions, Traffic } from './spec.js';
import { countFrom, Sender, sleep } from './traffic.js';

let end: Awaited<ReturnType<typeof dial>> | undefined;

async function dial(options: RunOptions) {
  const { address, codec, mode, callbacks } = options;
  let isJoined = false;
  const join = async (remote: Joining): Promise<void> => {
    await remote.join({ name: 'client' });
    isJoined = true;
  };
  const side = Traffic.invert().create({
    transport: address,
    codec,
    logger: null,
    ...sideOptions(mode, join),
  } as never);
  let isOver = false;
  let isOpen = false;
  const sender = new Sender(options, () => {
    // Calls are refused until the side is open. Without the option "reconnect" there is nobody to call while the client dials.
    if (!isOpen || (mode === 'hand' && !(isJoined && side.peers.size > 0))) return undefined;
    return {
      call: (n) => side.remote.up({ n }),
      note: (n) => side.remote.noteUp({ n }),
      items: (from) => side.remote.countUp({ from, ms: ITEM_MS }),
    };
  });
  side.down.connect((_server, { n }) => sender.ledger.ran(n));
  side.noteDown.connect((_server, { n }) => sender.ledger.heard(n));
  side.countDown.connect((_server, { from }) => countFrom(from));

  // The server calls as soon as the client has joined, which may be before `open` resolves.
  await side.open();
  isOpen = true;
  for (let callback = 0; callback < callbacks; callback++) {
    let expected = 0;
    sender.loop(async () => {
      if (mode === 'hand' && !isJoined) return;
      const each = async (n: number): Promise<number> => {
        expected = sender.ledger.came(n, expected);
        return n;
      };
      try {
        await side.with({ timeout: Number.POSITIVE_INFINITY }).remote.watch({ each, from: expected, ms: ITEM_MS });
      } catch {
        if (sender.isRunning) sender.ledger.reopened++;
      }
    });
  }
  if (mode === 'hand') void dialByHand();

  /** Dials again whenever the link has ended, and ends it when the server is silent. */
  async function dialByHand(): Promise<void> {
    while (!isOver) {
      try {
        if (side.peers.size === 0) {
          isJoined = false;
          await side.changeTransport(address);
        }
        if (!isJoined) await join(side.with({ timeout: BEAT_MS }).remote);
        await side.with({ timeout: BEAT_MS }).remote.beat();
        await sleep(BEAT_MS / 4);
      } catch {
        isJoined = false;
        for (const peer of side.peers.values()) await peer.close();
        await sleep(20 + Math.random() * 80);
      }
    }
  }
  return {
    side,
    sender,
    close() {
      isOver = true;
      return side.close();
    },
  };
}

function tables() {
  const { peers, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes } = end!.side.stats();
  return { peers, pendingCalls, activeCalls, queuedCalls, streams, references, bufferedBytes };
}

answerParent({
  async start(options: RunOptions) {
    end = await dial(options);
  },
  stop: () => end?.sender.stop(),
  open: () => end?.sender.ledger.open,
  /** Whether it has a session with a link. */
  isUp: () =>
    end !== undefined && end.side.peers.size > 0 && [...end.side.peers.values()].every((peer) => !peer.isAway),
  tables,
  account: () => end?.sender.ledger.account(),
  memory() {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage();
  },
  close: () => end?.close(),
});
