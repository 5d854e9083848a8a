import { clearTimer, setTimer } from '../../../src/base/time.js';
import { withoutPassword } from '../../../src/contract/address.js';
import type { Accept, Address, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import type { PartialFrames } from '../partial-frames.js';
import type { LinkKeeper, WebSocketLink } from './link.js';

/** A dialed URL. */
export interface Dialed {
  /** The URL to dial. */
  readonly url: string;
  /** The URL to show: a query and a password are usually secrets. */
  readonly address: string;
  /** `host:port` of the server. */
  readonly peer: string;
  /** The address with the options of this transport only: the query belongs to the server's application. */
  readonly own: Address;
}

/** One connection attempt. */
export interface Attempt {
  /** The subprotocols to offer. */
  readonly protocols: readonly string[];
  /** Whether another attempt follows, without the subprotocols by which two Obverse peers recognize each other. */
  readonly again: boolean;
  readonly accept: Accept;
  readonly keeper: LinkKeeper;
  /** Aborted on timeout or when the transport is closed; `reason` is the error to reject with. */
  readonly signal: AbortSignal;
}

/** Resolves with an accepted link, or with undefined if another attempt may succeed; otherwise rejects. */
export type Connect = (attempt: Attempt) => Promise<WebSocketLink | undefined>;

/** Parses the address. Throws a UsageError if it cannot be dialed. */
export function dialed(address: Address): Dialed {
  const { scheme, text } = address;
  const shown = withoutPassword(text);
  const wrong = (why: string): UsageError =>
    new UsageError(`"${shown}" cannot be dialed: ${why}, as in ${scheme}://127.0.0.1:8888/path`);
  if (!/^wss?:\/\/[^/?#]/i.test(text)) throw wrong(`expected ${scheme}:// and a host`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    const port = /^wss?:\/\/[^/?#]*:([^/?#:\]]+)(?=[/?#]|$)/i.exec(shown)?.[1];
    const isPort = port === undefined || (/^\d+$/.test(port) && Number(port) <= 65_535);
    throw wrong(isPort ? 'expected a URL' : `${port} is not a port, which is a number from 0 to 65535; expected a URL`);
  }
  if (url.hash !== '') throw wrong('a WebSocket has no #fragment');
  if (url.port === '0') throw wrong('expected the port of the side that listens');
  const own: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(address.options)) {
    if (url.searchParams.getAll(name).at(-1) !== value) own[name] = value;
  }
  const port = url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : url.port;
  return {
    url: url.href,
    address: `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`,
    peer: `${url.hostname}:${port}`,
    own: { ...address, options: own },
  };
}

/** A transport that dials one WebSocket. */
export class WebSocketDialer implements Transport, LinkKeeper {
  readonly address: string;
  readonly wire: Wire;
  readonly keepAlive: number | undefined;
  readonly partial: PartialFrames | undefined;
  private readonly connect: Connect;
  private readonly hello: readonly string[];
  private readonly plain: readonly string[];
  private readonly stop = new AbortController();
  private opening: Promise<void> | undefined;
  private link: WebSocketLink | undefined;
  private whenGone!: () => void;
  private readonly over = new Promise<void>((resolve) => {
    this.whenGone = resolve;
  });

  /**
   * @param hello the subprotocols to offer first.
   * @param plain the subprotocols to offer to a server that does not know them; the same list if there is only one
   * attempt.
   * @param keepAlive in milliseconds; undefined means never.
   * @param partial watches the partial messages of links over the package `ws`; a page has none and does not load it.
   */
  constructor(
    address: string,
    wire: Wire,
    connect: Connect,
    hello: readonly string[],
    plain: readonly string[],
    keepAlive?: number,
    partial?: PartialFrames,
  ) {
    this.address = address;
    this.wire = wire;
    this.partial = partial;
    this.connect = connect;
    this.hello = hello;
    this.plain = plain;
    this.keepAlive = keepAlive;
  }

  get frameBytes(): number {
    return this.wire.limits.frameBytes;
  }

  open(accept: Accept): Promise<void> {
    if (this.opening !== undefined) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    this.opening = this.dial(accept);
    return this.opening;
  }

  async close(): Promise<void> {
    this.stop.abort(new ConnectionLost(`${this.address} was closed before it was open`));
    await this.opening?.catch(ignore);
    if (this.link === undefined) return;
    this.link.close();
    await this.over;
  }

  gone(): void {
    this.whenGone();
  }

  private async dial(accept: Accept): Promise<void> {
    const { signal } = this.stop;
    const { connectMs } = this.wire.limits;
    signal.throwIfAborted();
    const timer = setTimer(connectMs, () =>
      this.stop.abort(
        new ConnectionLost(
          `${this.address} did not complete the handshake within ${connectMs} ms (limits.connectMs); check that a WebSocket server listens there, and the network`,
        ),
      ),
    );
    const attempt = { protocols: this.hello, again: this.hello !== this.plain, accept, keeper: this, signal };
    try {
      this.link =
        (await this.connect(attempt)) ?? (await this.connect({ ...attempt, protocols: this.plain, again: false }));
    } finally {
      clearTimer(timer);
    }
  }
}

function ignore(): void {}
