import {
  incoming,
  type Options,
  outgoing,
  type Peer,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from 'obverse';
import { until } from '../support/core-waiting.js';

export { until };

export class Shop extends RemoteAPI {
  @incoming({ hasReply: true }) buy(sender: Sender, args: { what: string }): Reply<string> {}
  @incoming({ hasReply: true, idempotent: true }) price(sender: Sender, args: { what: string }): Reply<string> {}
  @incoming({ hasReply: true }) hang(sender: Sender): Reply<void> {}
  @incoming({ hasReply: true }) login(sender: Sender, args: { name: string }): Reply<string> {}
  @incoming note(sender: Sender, args: { text: string }): void {}
  @incoming({ hasReply: true }) watch(sender: Sender, args: { told: (text: string) => void }): Reply<void> {}
  @incoming({ stream: true }) count(sender: Sender, args: { to: number }): Stream<number> {}
  @outgoing({ hasReply: true }) confirm(receivers: Receivers, args: { what: string }): Reply<boolean> {}
}
export const Customer = Shop.invert();
export type Customer = Awaited<ReturnType<typeof Customer.connect>>;

/** A shop, and what it was asked. */
export class Served {
  readonly seen: string[] = [];
  readonly metadata: unknown[] = [];
  /** What a price is. */
  price: (sender: Sender, what: string) => string | Promise<string> = (_sender, what) => `price ${what}`;
  private constructor(readonly side: Awaited<ReturnType<typeof Shop.serve<Shop>>>) {}

  static async at(address: string, options: Options = {}): Promise<Served> {
    const served = new Served(await Shop.serve<Shop>(address, options));
    const { side, seen } = served;
    const take = (text: string): string => {
      seen.push(text);
      return text;
    };
    side.buy.connect((_sender, { what }) => take(`buy ${what}`));
    side.price.connect((sender, { what }) => {
      take(`price ${what}`);
      served.metadata.push(sender.metadata);
      return served.price(sender, what);
    });
    side.hang.connect(() => {
      take('hang');
      return new Promise(() => {});
    });
    side.login.connect((_sender, { name }) => take(`login ${name}`));
    side.note.connect((_sender, { text }) => void take(`note ${text}`));
    side.watch.connect((_sender, { told }) => {
      take('watch');
      told('watched');
    });
    side.count.connect(async function* (_sender, { to }) {
      take('count');
      for (let n = 0; n < to; n++) yield n;
      if (to === 3) await new Promise(() => {});
    });
    open.push(side);
    return served;
  }

  get address(): string {
    return this.side.address;
  }

  /** Cuts the links to all its customers. */
  cut(): void {
    for (const peer of this.side.peers.values()) void peer.close(new Error('cut'));
  }
}

/** The events of a side, in order. */
export function eventsOf(side: Customer): string[] {
  const told: string[] = [];
  side.on('connect', () => void told.push('connect'));
  side.on('disconnect', () => void told.push('disconnect'));
  side.on('reconnecting', (_peer, { attempt }) => void told.push(`reconnecting ${attempt}`));
  side.on('reconnected', (_peer, { why }) => void told.push(`reconnected: ${why}`));
  side.on('lost', (error) => void told.push(`lost: ${error.message}`));
  return told;
}

/** A customer that is closed at the end of the test. */
export async function customer(...of: Parameters<typeof Customer.connect>): Promise<Customer> {
  const side = await Customer.connect(...of);
  open.push(side);
  return side as Customer;
}

export function onlyPeer(side: { readonly peers: ReadonlyMap<string, Peer> }): Peer {
  return [...side.peers.values()][0] as Peer;
}

const open: { close(): Promise<void> }[] = [];
export async function closeAll(): Promise<void> {
  await Promise.allSettled(open.splice(0).map((side) => side.close()));
}

/** A promise's error. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => new Error(`it has resolved with ${String(value)}`),
    (error: unknown) => error,
  );
