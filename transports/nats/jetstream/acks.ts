import { time } from '../../../src/base/time.js';

/** After how many ms without a confirmation the acknowledgements are repeated. */
const AGAIN_MS = 2_000;
/** The same where nobody has received them: a server that has just started may not know its consumers yet. */
const SOON_MS = 200;

/** The connection, as far as this needs it. */
export interface AckClient {
  readonly away: boolean;
  /** Where this connection alone is reached. */
  readonly own: string;
  tell(subject: string, body: string, reply?: string): void;
}

/** An acknowledgement that the server has not confirmed. */
interface Unconfirmed {
  readonly to: string;
  readonly text: string;
  readonly serial: number;
}

/**
 * Final answers to messages of the stream, kept until the server has confirmed them: a lost connection loses none, so that finished work is not
 * given out again. The server handles them in order, so one of them is confirmed at a time, and with it all that were sent before it.
 */
export class Acks {
  /** By the number of the message in the stream, in the order in which they were sent. */
  private readonly open = new Map<number, Unconfirmed>();
  private count = 0;
  /** The one that is to be confirmed was sent, and when it is repeated. */
  private asked = false;
  private again = Number.POSITIVE_INFINITY;
  private waiting: (() => void)[] = [];

  /** `freed` is called when fewer are open. */
  constructor(
    private readonly client: AckClient,
    private readonly freed: () => void,
  ) {}

  /** How many are not confirmed. */
  get size(): number {
    return this.open.size;
  }

  /** Answers a message. `sequence`: its number in the stream. */
  send(sequence: number, to: string, text: string): void {
    const one: Unconfirmed = { to, text, serial: ++this.count };
    // The order of the table is that of sending.
    this.open.delete(sequence);
    this.open.set(sequence, one);
    if (!this.client.away) this.tell(one, !this.asked);
  }

  /** A message has come again whose answer is on its way: answers it in the same way. Returns false if there is none. */
  repeats(sequence: number, to: string): boolean {
    const one = this.open.get(sequence);
    if (one !== undefined) this.send(sequence, to, one.text);
    return one !== undefined;
  }

  /** The server confirms an answer, or, with the status 503, knows nobody who has received it. */
  take(serial: number, code: number | undefined): void {
    if (code === 503) {
      this.again = time() + SOON_MS;
      return;
    }
    for (const [sequence, one] of this.open) {
      if (one.serial > serial) break;
      this.open.delete(sequence);
    }
    this.asked = false;
    this.again = Number.POSITIVE_INFINITY;
    const last = this.last();
    if (last !== undefined) this.tell(last, true);
    else for (const resolve of this.waiting.splice(0)) resolve();
    this.freed();
  }

  /** The connection is restored: nobody knows what has arrived. */
  restored(): void {
    const last = this.last();
    for (const one of this.open.values()) this.tell(one, one === last);
  }

  /** To be called from time to time. */
  look(): void {
    if (!this.client.away && this.again <= time()) this.restored();
  }

  /** Resolves when everything is confirmed. */
  async settled(): Promise<void> {
    if (this.open.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private last(): Unconfirmed | undefined {
    let last: Unconfirmed | undefined;
    for (const one of this.open.values()) last = one;
    return last;
  }

  private tell({ to, text, serial }: Unconfirmed, confirm: boolean): void {
    if (confirm) {
      this.asked = true;
      this.again = time() + AGAIN_MS;
    }
    this.client.tell(to, text, confirm ? `${this.client.own}.a${serial}` : undefined);
  }
}
