import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, MsgHdrs } from '@nats-io/nats-core';
import { printable } from '../../../src/base/quote.js';
import { messageOf } from '../../../src/base/thrown.js';
import { clearTimer, setTimer } from '../../../src/base/time.js';
import type { Accept, FramingFactory, Transport, Wire } from '../../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError, UsageError } from '../../../src/contract/errors.js';
import { isUnbegun } from '../../../src/contract/unbegun.js';
import { NatsClient, type NatsLoader, within } from '../client.js';
import { NatsFrames } from '../frames.js';
import type { StreamPlan } from './plan.js';
import { openConsumer, openStream } from './setup.js';
import { Store } from './store.js';
import { encodeKey, keyOf, TaskLink, type Verdicts } from './task-link.js';
import { type Task, type TaskHost, Tasks } from './tasks.js';
import { StreamWriter, type WriterHost } from './writer.js';

/** Codes of errors that no further attempt changes: the message cannot be read, or its arguments do not fit. */
const HOPELESS: readonly unknown[] = [Code.InvalidParams, Code.InvalidRequest, Code.ParseError, Code.TooLarge];
/** A message waits at most so many times `backoff`. */
const MOST_BACKOFF = 1_024;
/**
 * After how many ms it is decided about a message whose side has lost a connection: the side may be about to be closed, and gives it back then.
 */
const DECIDE_MS = 50;
/** How long, in ms, the end of a side waits until its acknowledgements are confirmed. */
const CONFIRM_MS = 2_000;
/** How many letters of a reason are kept with a dead message. */
const REASON = 1_000;

/**
 * Notifications that a stream of NATS keeps. Who connects writes them, and `flush` resolves when they are stored. Who serves works on
 * them, each a brief link: it is acknowledged when the link closes without a reason, and otherwise comes again, or is dead.
 */
export class StreamTransport implements Transport, TaskHost, WriterHost, Verdicts {
  readonly address: string;
  readonly frames: NatsFrames;
  readonly store: Store;
  lease: number;
  private readonly client: NatsClient;
  private readonly tasks: Tasks;
  private readonly links = new Set<TaskLink>();
  /** For each message of which it is not decided yet when it is delivered again: gives it back at once. */
  private readonly undecided = new Set<() => void>();
  private writer: StreamWriter | undefined;
  private manager: JetStreamManager | undefined;
  private accept!: Accept;
  private retiring: Promise<void> | undefined;
  private over = false;

  constructor(
    readonly plan: StreamPlan,
    private readonly wire: Wire,
    loader: NatsLoader,
    framing: FramingFactory,
  ) {
    if (wire.form === 'values') throw new UsageError('nats: carries text or bytes, not values; use another codec');
    this.address = plan.address;
    this.lease = plan.lease;
    this.frames = new NatsFrames(wire, framing);
    this.client = new NatsClient(plan.nats, wire, loader, {
      lost: () => {},
      restored: () => this.restored(),
      ended: (error) => this.ended(error),
    });
    const { client } = this;
    this.store = new Store(
      {
        get away() {
          return client.away;
        },
        get own() {
          return client.own;
        },
        send: (subject, body, reply, headers) => this.send(subject, body, reply, headers),
      },
      wire.limits.connectMs,
      () => this.writer?.freed(),
    );
    this.tasks = new Tasks(this);
  }

  get consumer(): string {
    return this.plan.consumer;
  }

  get stream(): string {
    return this.plan.stream;
  }

  get inFlight(): number {
    return this.plan.inFlight;
  }

  get away(): boolean {
    return this.client.away;
  }

  get own(): string {
    return this.client.own;
  }

  get maxPayload(): number {
    return this.client.maxPayload;
  }

  async open(accept: Accept): Promise<void> {
    if (this.over) throw this.closedEarly();
    this.accept = accept;
    const { client, plan } = this;
    try {
      await client.connect();
      this.manager = await openStream(client.inner, plan);
      if (this.wire.listen) this.lease = await openConsumer(this.manager, plan);
      client.inner.subscribe(`${client.own}.*`, { callback: (_error, message) => this.take(message) });
      const pulled = client.inner.subscribe(`${client.own}.p.*`, {
        callback: (_error, message) => this.tasks.take(message),
      });
      await client.flush();
      if (this.over) throw this.closedEarly();
      if (this.wire.listen) this.tasks.start(pulled);
    } catch (error) {
      // Its end is reported, too.
      const isClosed = this.over;
      await client.close();
      throw isClosed ? this.closedEarly() : error;
    }
    if (this.wire.listen) return;
    this.writer = new StreamWriter(this);
    this.writer.receiver = accept(this.writer);
  }

  private closedEarly(): Error {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }

  /** What the server says of a message that was to be stored, or of an acknowledgement. */
  private take(message: Msg): void {
    const name = message.subject.slice(this.own.length + 1);
    if (name.startsWith('s')) this.store.take(name, message);
    else if (name.startsWith('a')) this.tasks.acks.take(Number(name.slice(1)), message.headers?.code);
  }

  private restored(): void {
    this.store.restored();
    if (this.wire.listen) this.tasks.restored();
  }

  tell(subject: string, body: string, reply?: string): void {
    if (subject !== '') this.client.publish(subject, body, reply);
  }

  private send(subject: string, body: string | Uint8Array, reply: string, headers: MsgHdrs): void {
    const { inner } = this.client;
    if (!inner.isClosed()) inner.publish(subject, body, { reply, headers });
  }

  /** Headers with the id under which the stream keeps a message once. */
  headersFor(id: string): MsgHdrs {
    const headers = this.client.headers();
    headers.set('Nats-Msg-Id', id);
    return headers;
  }

  // ---- work ---------------------------------------------------------------------------------------------------------

  begin(task: Task): void {
    const { attempts } = this.limitsOf(task);
    if (task.attempt > attempts && this.plan.dead !== undefined) {
      void this.bury(task, `its worker ended, or was closed, before it was handled, in each of ${attempts} attempts`);
      return;
    }
    const link = new TaskLink(task, this.plan.subject, this, (ended) => this.links.delete(ended));
    this.links.add(link);
    link.receiver = this.accept(link);
    try {
      this.frames.unpack(task.body, (frame) => link.receiver?.receive(frame));
      // With a security, what was unpacked may have been no whole message.
      link.receiver.inputEnded?.();
    } catch (error) {
      link.close(error instanceof Error ? error : new ProtocolError(messageOf(error)));
    }
  }

  private limitsOf({ headers }: Task): { readonly attempts: number } {
    const asked = Number(headers?.get('Obverse-Attempts') || Number.NaN);
    return { attempts: Number.isInteger(asked) && asked >= 1 ? asked : this.plan.attempts };
  }

  failed(task: Task, reason: Error): void {
    const { attempts } = this.limitsOf(task);
    const { code } = reason as { code?: unknown };
    const delay = this.plan.backoff * Math.min(MOST_BACKOFF, 2 ** (task.attempt - 1));
    // These say nothing of the message.
    if (reason instanceof ConnectionLost) this.giveBack(task, delay);
    else if (isUnbegun(reason)) task.hold();
    else if ((task.attempt < attempts && !HOPELESS.includes(code)) || this.plan.dead === undefined) task.again(delay);
    else void this.bury(task, reason.message);
  }

  /** The message is to be delivered again after so many ms, or at once if this side is about to be closed. */
  private giveBack(task: Task, delay: number): void {
    const decide = (ms: number): void => {
      clearTimer(timer);
      this.undecided.delete(back);
      task.again(ms);
    };
    const back = (): void => decide(0);
    const timer = setTimer(DECIDE_MS, () => decide(delay));
    if (this.retiring === undefined) this.undecided.add(back);
    else back();
  }

  /** Keeps a message apart that could not be handled, and takes it from the consumer; if it cannot be kept, it comes again. */
  private async bury(task: Task, reason: string): Promise<void> {
    const { dead, stream, consumer, backoff } = this.plan;
    const headers = this.headersFor(`${stream}.${consumer}.${task.sequence}.dead`);
    headers.set('Obverse-Reason', printable(reason, REASON));
    headers.set('Obverse-Sequence', String(task.sequence));
    const key = keyOf(task.message);
    if (key !== undefined) headers.set('Obverse-Key', encodeKey(key));
    try {
      await this.store.put(dead as string, task.body, headers);
      task.drop();
      this.wire.logger.warn(`${this.address}: message ${task.sequence} is dead: ${printable(reason, REASON)}`);
    } catch (error) {
      this.wire.logger.error(`${this.address}: a dead message could not be kept: ${printable(messageOf(error))}`);
      task.again(backoff);
    }
  }

  // ---- ends ---------------------------------------------------------------------------------------------------------

  async flush(): Promise<void> {
    await this.writer?.flush();
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    const { stream, consumer, dead, subject } = this.plan;
    const { manager } = this;
    if (manager === undefined) return {};
    const { state } = await manager.streams.info(stream, { subjects_filter: dead ?? subject });
    const kept = { dead: state.subjects?.[dead ?? subject] ?? 0, stored: state.messages };
    if (!this.wire.listen) return kept;
    const { num_pending, num_ack_pending } = await manager.consumers.info(stream, consumer);
    return { waiting: num_pending, taken: num_ack_pending, ...kept };
  }

  retire(): Promise<void> {
    this.retiring ??= this.wire.listen ? this.tasks.stop() : Promise.resolve();
    for (const giveBack of [...this.undecided]) giveBack();
    return this.retiring;
  }

  async close(): Promise<void> {
    this.over = true;
    const stopped = this.retire();
    // What is given back before the server knows that nobody listens here might be delivered here again.
    if (!this.client.away) await stopped;
    for (const link of [...this.links]) link.close(new ConnectionLost(`${this.address} was closed`));
    // What was given is stored first, and what is finished is confirmed, as long as the server is there.
    if (!this.client.away) await this.store.settled();
    if (!this.client.away) await within(CONFIRM_MS, this.tasks.acks.settled());
    this.writer?.close();
    this.finish(new ConnectionLost(`${this.address} was closed`));
    await this.client.close();
    this.writer?.ended();
  }

  lost(text: string): void {
    this.wire.logger.error(`${this.address}: ${text}`);
  }

  private finish(reason: Error): void {
    this.tasks.end();
    this.store.end(reason);
  }

  /** The client has stopped reconnecting, or was closed. */
  private ended(error: Error | undefined): void {
    if (this.over) return;
    this.over = true;
    const lost = new ConnectionLost(
      `${this.address} was lost: ${printable(messageOf(error ?? 'the client was closed'))}`,
    );
    this.finish(lost);
    this.writer?.close(lost);
    for (const link of [...this.links]) link.close(lost);
  }
}
