import type { Frame } from '../../src/contract/contract.js';
import type { SessionJournal } from '../../src/extensions/resume/session-journal.js';
import type { Peer } from '../../src/index.js';
import type { ConnectedPeer } from '../../src/session/connected-peer.js';
import type { RpcSession } from '../../src/session/rpc-session.js';
import { fail, type Step } from './scheduler.js';
import { SideWorld } from './side-world.js';

function sessionOf(peer: Peer): RpcSession {
  return (peer as ConnectedPeer).session as RpcSession;
}

/** How long a session is kept without a link, in milliseconds. */
const KEPT_MS = 120_000;
/** How much is held for a peer that is away, in a world that is not mild. */
const HOLD = 2_000;

/** How much is sent without an acknowledgement, in bytes. */
const WINDOW = 64 * 1024;

/** A security that takes its time. */
const later = {
  seal: async (payload: Frame) => ({ info: { n: 1 }, payload }),
  open: async (payload: Frame) => payload,
};

/** Two sides whose sessions go on over other links: one that listens with `resume`, and one that dials with `reconnect`. */
export class ResumingWorld extends SideWorld {
  /** In a mild world, links are cut and slow, and nothing else goes wrong. */
  constructor(seed: number, isMild: boolean, stats?: Map<string, number>) {
    const begin = seed % 2 === 0 ? { begin: async () => {} } : {};
    const bounds = { ms: KEPT_MS, hold: HOLD, sessions: seed % 5 === 0 ? 0 : 1_000 };
    const shared = seed % 7 === 3 ? { codec: 'msgpack' } : seed % 7 === 5 ? { security: later } : {};
    super(
      {
        seed,
        isMild,
        dialsItself: true,
        largeNotes: seed % 4 === 1 ? 0.5 : 0,
        client: { ...shared, reconnect: { delay: 100, ...begin } },
        server: { ...shared, resume: { bytes: WINDOW, ...(isMild ? {} : bounds) } },
      },
      stats,
    );
  }

  override async start(): Promise<this> {
    await super.start();
    const count = (what: string) => () => this.promises.count(what);
    for (const event of ['resumed', 'reconnected'] as const) this.client.on(event, count(event));
    return this;
  }

  protected override async serveAll(): Promise<void> {
    await super.serveAll();
    this.server.on('connect', (peer) => {
      if (sessionOf(peer).journal === undefined) this.promises.count('let in without hello');
    });
  }

  override *steps(calm: boolean): Generator<Step> {
    yield* super.steps(calm);
    const { network, server, random } = this;
    if (network.isDown) yield [1, () => (network.isDown = false)];
    // The answer to a hello does not come.
    if (network.isAskingInVain) yield [2, () => (this.turnBy = 8_000)];
    if (calm) {
      // A session of somebody else is kept for a while, and so is what was not acknowledged.
      if (server.peers.size > 1 && network.isQuiet) yield [0.1, () => (this.turnBy = KEPT_MS)];
      else if (this.kept > 0 && network.isQuiet) yield [0.2, () => (this.turnBy = 5_000)];
      return;
    }
    yield [0.1, () => (this.turnBy = random.int(400, 2_500))];
    if (this.options.isMild) return;
    yield [0.04, () => (this.beginning = this.restart())];
    yield [0.03, () => (network.isDown = true)];
    if (network.isDown) yield [0.2, () => (this.turnBy = KEPT_MS + 10_000)];
    for (const peer of this.visitors()) yield [0.02, () => (this.beginning = peer.close())];
    const { overheard } = network;
    if (overheard !== undefined) yield [0.1, () => this.steal(overheard)];
  }

  /** A link whose hello has not come in time is a peer for a while. What such a one is told is lost with it. */
  protected override visitors(): Peer[] {
    const all = super.visitors();
    return this.options.isMild ? all.filter((peer) => sessionOf(peer).journal !== undefined) : all;
  }

  /** The process that listens is killed, and another one takes its place. */
  private async restart(): Promise<void> {
    const { server, running } = this;
    this.promises.count('restarted');
    this.network.crash();
    for (const call of running.keys()) if (call.by === 'client') running.delete(call);
    await server.close();
    await this.serveAll();
  }

  /** Somebody has read a hello: he repeats it, claims a newer dial, ends the session, or begins one of his own. */
  private steal(overheard: string): void {
    const hello = JSON.parse(overheard) as { params: { resume: { dial: number; token?: string | undefined } } };
    const { resume } = hello.params;
    const { random } = this;
    const claims = [
      {},
      { dial: resume.dial + random.int(0, 8) },
      { over: true, bytes: 0 },
      { token: undefined, bytes: 0 },
    ];
    hello.params.resume = { ...resume, ...claims[random.int(0, claims.length - 1)] };
    this.network.steal([JSON.stringify(hello), '{"jsonrpc":"2.0","method":"rpc.ack","params":[0,0]}']);
  }

  private sessions(): RpcSession[] {
    const peers: Peer[] = [...this.client.peers.values(), ...this.server.peers.values()];
    return peers.map(sessionOf);
  }

  /** How many bytes both ends keep until they are acknowledged. */
  private get kept(): number {
    let kept = 0;
    for (const { journal } of this.sessions()) kept += (journal as SessionJournal | undefined)?.numbers.keptBytes ?? 0;
    return kept;
  }

  override checkAtRest(): void {
    super.checkAtRest();
    const [here, there] = this.sessions();
    if (here?.connection === undefined || there?.connection === undefined) fail('the two ends are not together');
    if (here.link.peer !== there.link.peer) fail('the two ends have different links');
    if (here.journal === undefined || there.journal === undefined) fail('the session cannot go on over another link');
    if (this.kept > 0) fail('something is kept for ever');
  }
}
