import type { Msg, MsgHdrs } from '@nats-io/nats-core';
import { clearTimer, setTimer, type Timer, time } from '../../../src/base/time.js';
import { ConnectionLost } from '../../../src/contract/errors.js';

/** What a message is sent again after, in ms, where the server has not said that it is stored. */
const AGAIN_MS = 5_000;
/** The same where the server knows nobody who stores it: it may have just started. */
const SOON_MS = 200;
const LOOK_MS = 100;
/** What a message holds besides its body, in bytes. */
const MESSAGE_BYTES = 512;

/** A message that is to be stored. */
interface Unstored {
  readonly subject: string;
  readonly body: string | Uint8Array;
  readonly headers: MsgHdrs;
  readonly bytes: number;
  /** When it was given, and when it is sent again. */
  readonly since: number;
  again: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The connection, as far as this needs it. */
export interface StoreClient {
  readonly away: boolean;
  readonly own: string;
  send(subject: string, body: string | Uint8Array, reply: string, headers: MsgHdrs): void;
}

/**
 * Stores messages in streams. Each has an id that the stream remembers, so it can be sent again until the server has said that it is
 * stored, and is stored once: a lost connection and a restart of the server lose and double nothing.
 */
export class Store {
  /** How many bytes are not stored yet. */
  bytes = 0;
  private readonly waiting = new Map<string, Unstored>();
  private count = 0;
  private timer: Timer | undefined;

  /** `patience`: after how many ms a message that was not stored has failed; `freed` is called when fewer bytes wait. */
  constructor(
    private readonly client: StoreClient,
    private readonly patience: number,
    private readonly freed: () => void,
  ) {}

  /** Resolves when the message is stored, and rejects with ConnectionLost if that takes too long. Its headers have the id. */
  put(subject: string, body: string | Uint8Array, headers: MsgHdrs): Promise<void> {
    const name = `s${(this.count++).toString(36)}`;
    const bytes = body.length + MESSAGE_BYTES;
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const now = time();
      const one: Unstored = { subject, body, headers, bytes, since: now, again: now, resolve, reject };
      this.waiting.set(name, one);
      this.send(name, one, now);
      this.timer ??= setTimer(LOOK_MS, () => this.look());
    });
  }

  /** The server has answered. */
  take(name: string, { data, headers }: Msg): void {
    const one = this.waiting.get(name);
    if (one === undefined) return;
    if (headers?.code === 503) {
      one.again = time() + SOON_MS;
      return;
    }
    const { error, seq } = readAnswer(data);
    // Some servers give the number 0 to a message that they have refused.
    if (error === undefined && seq !== undefined) this.settle(name, one, undefined);
    else if (error !== undefined && error.code >= 400 && error.code < 500) this.settle(name, one, refused(error));
    else one.again = time() + SOON_MS;
  }

  /** The connection is restored: nobody knows what has arrived. */
  restored(): void {
    const now = time();
    for (const [name, one] of this.waiting) this.send(name, one, now);
  }

  /** Resolves when everything that was given before is stored or has failed. */
  async settled(): Promise<void> {
    await Promise.all([...this.waiting.values()].map((one) => once(one)));
  }

  /** Nothing more is sent. */
  end(reason: Error): void {
    clearTimer(this.timer);
    for (const [name, one] of [...this.waiting]) this.settle(name, one, reason);
  }

  private send(name: string, one: Unstored, now: number): void {
    one.again = now + AGAIN_MS;
    const { client } = this;
    if (!client.away) client.send(one.subject, one.body, `${client.own}.${name}`, one.headers);
  }

  private look(): void {
    this.timer = undefined;
    const now = time();
    for (const [name, one] of [...this.waiting]) {
      if (now - one.since > this.patience) this.settle(name, one, late(this.patience));
      else if (one.again <= now) this.send(name, one, now);
    }
    if (this.waiting.size > 0) this.timer = setTimer(LOOK_MS, () => this.look());
  }

  private settle(name: string, one: Unstored, error: Error | undefined): void {
    this.waiting.delete(name);
    this.bytes -= one.bytes;
    if (error === undefined) one.resolve();
    else one.reject(error);
    this.freed();
  }
}

/** Resolves when a message is stored or has failed. */
function once(one: Unstored): Promise<void> {
  return new Promise((resolve) => {
    const { resolve: stored, reject } = one;
    one.resolve = () => {
      stored();
      resolve();
    };
    one.reject = (error) => {
      reject(error);
      resolve();
    };
  });
}

interface StoreAnswer {
  readonly seq?: number;
  readonly error?: { readonly code: number; readonly description?: string };
}

function readAnswer(data: Uint8Array): StoreAnswer {
  try {
    return JSON.parse(new TextDecoder().decode(data)) as StoreAnswer;
  } catch {
    return {};
  }
}

function refused({ description = 'the server has refused it' }: { readonly description?: string }): Error {
  return new ConnectionLost(`the stream has not stored a message: ${description}`);
}

function late(ms: number): Error {
  return new ConnectionLost(`a message was not stored within ${ms} ms (limits.connectMs)`);
}
