import net from 'node:net';
import type { Duplex } from 'node:stream';
import { clearTimer, setTimer } from '../../../src/base/time.js';
import type { Accept, FramingFactory, LinkInfo, Transport, Wire } from '../../../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { markPermanent } from '../../../src/contract/permanent.js';
import { PartialFrames } from '../partial-frames.js';
import { explain } from './errors.js';
import { type StreamHost, StreamLink } from './link.js';
import { watchRefusal } from './refusal.js';

/** What encrypts a dialed connection. */
export interface SecureDialing {
  /** Begins to connect: the socket emits `secureConnect`, or an error. Throws a UsageError for an invalid certificate or key. */
  connect(target: net.NetConnectOpts): net.Socket;
  /** Why the peer is not accepted, after the handshake; undefined if it is. */
  refusal(socket: net.Socket): string | undefined;
  /** The error for a handshake that has failed. */
  explain(what: string, error: Error): ConnectionLost;
}

/** The options of a transport that dials a socket. */
export interface DialPlan {
  /** The dialed address, for people and for `Transport.address`. */
  readonly address: string;
  readonly target: net.NetConnectOpts;
  readonly wire: Wire;
  readonly framing: FramingFactory;
  /** The id of the peer at the other end of a socket that has just connected. */
  peerOf(socket: net.Socket): string;
  /** What is known of its connection. */
  infoOf(socket: Duplex): LinkInfo;
  /** Without it, the connection is not encrypted. */
  readonly secure?: SecureDialing;
  /**
   * Hints for system errors by their names, where they differ from the general ones. Called once an error has occurred.
   */
  hints?(): Readonly<Record<string, string>>;
}

/** A transport that dials one socket. */
export class StreamDialer implements Transport {
  readonly address: string;
  private readonly plan: DialPlan;
  private socket: net.Socket | undefined;
  private link: StreamLink | undefined;
  private closing = false;
  private giveUp: ((reason: Error) => void) | undefined;

  constructor(plan: DialPlan) {
    this.address = plan.address;
    this.plan = plan;
  }

  open(accept: Accept): Promise<void> {
    if (this.socket !== undefined) return Promise.reject(new UsageError(`${this.address} is opened only once`));
    if (this.closing) return Promise.reject(closedBefore(this.address));
    return new Promise((resolve, reject) => {
      const { wire, secure } = this.plan;
      const { limits } = wire;
      const target = { ...this.plan.target, noDelay: true, allowHalfOpen: true };
      const socket = secure?.connect(target) ?? net.connect(target);
      const ready = secure === undefined ? 'connect' : 'secureConnect';
      this.socket = socket;
      const timer = setTimer(limits.connectMs, () => {
        fail(
          new ConnectionLost(
            `${this.address} did not ${secure === undefined ? 'accept the connection' : 'complete the TLS handshake'} within ${limits.connectMs} ms (limits.connectMs); check the address and the network`,
          ),
        );
      });
      const settle = (): void => {
        clearTimer(timer);
        this.giveUp = undefined;
        socket.off(ready, connected).off('error', failed);
      };
      const fail = (reason: Error): void => {
        settle();
        // A cancelled connection attempt may still emit an error: it is ignored.
        socket.on('error', ignore).destroy();
        reject(reason);
      };
      const what = `cannot connect to ${this.address}`;
      const failed = (error: Error): void =>
        fail(secure?.explain(what, error) ?? explain(what, error, this.plan.hints?.()));
      const connected = (): void => {
        const refusal = secure?.refusal(socket);
        if (refusal !== undefined) {
          fail(markPermanent(new ConnectionLost(`${what}: ${refusal}`)));
          return;
        }
        settle();
        this.up(socket, accept);
        resolve();
      };
      this.giveUp = fail;
      socket.on(ready, connected).on('error', failed);
    });
  }

  close(): Promise<void> {
    this.closing = true;
    const { socket } = this;
    this.giveUp?.(closedBefore(this.address));
    this.link?.close();
    if (socket === undefined || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  private up(socket: net.Socket, accept: Accept): void {
    const { wire, framing, peerOf, infoOf } = this.plan;
    const host: StreamHost = {
      dials: true,
      limits: wire.limits,
      frameBytes: wire.limits.frameBytes,
      partial: new PartialFrames(wire.memory),
      logger: wire.logger,
      infoOf: () => infoOf(socket),
      gone: ignore,
    };
    const link = new StreamLink(
      peerOf(socket),
      socket,
      socket,
      framing(wire.form as 'text' | 'bytes', wire.limits.frameBytes),
      host,
    );
    this.link = link;
    watchRefusal(socket, link.peer, (reason) => {
      wire.logger.warn(reason.message);
      link.cut(reason);
    });
    link.start(accept);
  }
}

function closedBefore(address: string): ConnectionLost {
  return new ConnectionLost(`${address} was closed before it was open`);
}

function ignore(): void {}
