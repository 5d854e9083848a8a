import type { Codec, Frame, Message, Sealed, SecInfo, Security } from './contract.js';
import { Code, ProtocolError } from './errors.js';
import type { Session } from './session.js';

/** The name of the notification that travels before a message and tells what its security says. */
export const SECINFO = 'rpc.secinfo';

/** A sealed message as it travels: its header, unless there is nothing to say, and the message. */
export type Pair = readonly Frame[];

/** Seals a frame, once for all its receivers. Throws what the security throws. */
export function seal(security: Security, codec: Codec, frame: Frame): Pair | Promise<Pair> {
  const pair = ({ info, payload }: Sealed): Pair => {
    const message = payload ?? frame;
    if (Object.keys(info).length === 0) return [message];
    return [
      codec.encode({ kind: 'call', id: undefined, method: SECINFO, args: [info], named: true, batch: undefined }),
      message,
    ];
  };
  const sealed = security.seal(frame);
  return sealed instanceof Promise ? sealed.then(pair) : pair(sealed);
}

/**
 * What stands between a session and its link under a security. Each message travels after a header of its own; the header
 * waits here for its message. Sealing and opening may take time: whatever comes meanwhile waits, so that the order is kept.
 * A security that answers at once costs no promise.
 */
export class Sealing {
  private readonly leaving: (Pair | Promise<Pair>)[] = [];
  private readonly arriving: Frame[] = [];
  private arrivingBytes = 0;
  private sealingNow = false;
  private openingNow = false;
  private info: SecInfo | undefined;
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly session: Session,
    private readonly security: Security,
    private readonly required: boolean,
  ) {}

  /** Whether messages still wait to be sealed. */
  get busy(): boolean {
    return this.leaving.length > 0;
  }

  /** Calls back when no message waits to be sealed. */
  whenIdle(then: () => void): void {
    this.idle.push(then);
  }

  // ---- out ----------------------------------------------------------------------------------------------------------

  /** Seals a frame and lets it leave. Throws what the security throws at once; what it throws later is reported. */
  post(frame: Frame): void {
    this.postSealed(seal(this.security, this.session.host.codec, frame));
  }

  /** Lets a sealed message leave, after those that were posted before. */
  postSealed(pair: Pair | Promise<Pair>): void {
    if (this.leaving.length === 0 && !(pair instanceof Promise)) this.put(pair);
    else {
      if (pair instanceof Promise) pair.catch(() => {});
      this.leaving.push(pair);
      if (!this.sealingNow) void this.leave();
    }
  }

  private async leave(): Promise<void> {
    this.sealingNow = true;
    while (this.leaving.length > 0) {
      try {
        const pair = await (this.leaving[0] as Pair | Promise<Pair>);
        if (this.session.over === undefined) this.put(pair);
      } catch (error) {
        this.session.host.trouble(this.session, error);
      }
      this.leaving.shift();
    }
    this.sealingNow = false;
    for (const then of this.idle.splice(0)) then();
  }

  private put(pair: Pair): void {
    for (const frame of pair) this.session.outbox.put(frame);
    if (this.session.link.bus === true) this.session.outbox.send();
  }

  // ---- in -----------------------------------------------------------------------------------------------------------

  receive(frame: Frame): void {
    if (this.openingNow) this.keep(frame);
    else this.next(frame);
  }

  private keep(frame: Frame): void {
    this.arriving.push(frame);
    this.arrivingBytes += frame.length;
    const { link, host } = this.session;
    if (this.arrivingBytes > host.limits.bufferedBytes) {
      this.session.end(new ProtocolError(`${this.arrivingBytes} bytes of ${link.peer} wait to be opened`, Code.Busy));
    }
  }

  private next(frame: Frame): void {
    const { info } = this;
    if (info === undefined) {
      this.session.inbox.read(frame, (message) => this.unsealed(message));
      return;
    }
    this.info = undefined;
    let payload: Frame | Promise<Frame>;
    try {
      payload = this.security.open(frame, info);
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (payload instanceof Promise) void this.later(payload, info);
    else this.opened(payload, info);
  }

  private async later(payload: Promise<Frame>, info: SecInfo): Promise<void> {
    this.openingNow = true;
    try {
      this.opened(await payload, info);
    } catch (error) {
      this.refuse(error);
    }
    this.openingNow = false;
    while (!this.openingNow && this.session.over === undefined) {
      const frame = this.arriving.shift();
      if (frame === undefined) return;
      this.arrivingBytes -= frame.length;
      this.next(frame);
    }
  }

  private opened(payload: Frame, info: SecInfo): void {
    this.session.inbox.read(payload, (message) => {
      if (message.kind !== 'bad') message.secinfo = info;
      this.session.inbox.take(message);
    });
  }

  private unsealed(message: Message): void {
    if (message.kind === 'call' && message.id === undefined && message.method === SECINFO) {
      this.info = (message.args[0] ?? {}) as SecInfo;
    } else if (this.required && message.kind !== 'bad') {
      const error = new ProtocolError('a message without secinfo is refused here', Code.Refused);
      if (message.kind === 'call' && message.id !== undefined) this.session.answers.deny(message, error);
      this.session.host.trouble(this.session, error, message.id ?? null);
    } else this.session.inbox.take(message);
  }

  private refuse(cause: unknown): void {
    const text = cause instanceof Error ? cause.message : String(cause);
    this.session.inbox.unreadable(new ProtocolError(`a message was refused: ${text}`, Code.Refused, { cause }));
  }
}
