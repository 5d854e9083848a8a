import { existsSync } from 'node:fs';
import { ConnectionLost, UsageError } from '../../src/contract/errors.js';
import { clearSocketFile } from '../shared/stream/socket-file.js';
import type { ZmqPlan } from './address.js';

/** The parts of a message. */
export type Parts = readonly Uint8Array[];
/** A message that is sent: its parts, or the text of its only part. */
export type Outgoing = Parts | string;

/** What the monitor of a socket reports. */
export interface ZmqEvent {
  readonly type: string;
  readonly address?: string;
  readonly error?: Error;
}

/** The monitor of a socket, which is made when it is first read. */
export interface ZmqMonitor {
  receive(): Promise<ZmqEvent | undefined>;
}

/** What this transport uses of a socket of the package. */
export interface ZmqSocket {
  readonly writable: boolean;
  readonly readable: boolean;
  readonly lastEndpoint: string | null;
  readonly events: ZmqMonitor;
  /** Whether the endpoints that follow may have addresses of IPv6. */
  ipv6: boolean;
  /** In ms: 0 makes `send` reject at once where it would wait, -1 makes it wait. */
  sendTimeout: number;
  /** In ms: 0 makes `receive` reject at once where it would wait, -1 makes it wait. */
  receiveTimeout: number;
  /** In ms: how long messages that were not sent are kept after `close`. */
  linger: number;
  bindSync(endpoint: string): void;
  connect(endpoint: string): void;
  disconnect(endpoint: string): void;
  send(message: Outgoing): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  close(): void;
}

export interface ZmqSubscriber extends ZmqSocket {
  subscribe(...topics: string[]): void;
  unsubscribe(...topics: string[]): void;
}

type Make<S> = new (options: Readonly<Record<string, unknown>>) => S;

/** What this transport uses of the package `zeromq`. */
export interface ZmqPackage {
  readonly Router: Make<ZmqSocket>;
  readonly Dealer: Make<ZmqSocket>;
  readonly Push: Make<ZmqSocket>;
  readonly Pull: Make<ZmqSocket>;
  readonly Publisher: Make<ZmqSocket>;
  readonly XPublisher: Make<ZmqSocket>;
  readonly Subscriber: Make<ZmqSubscriber>;
}

/** Loads the package; rejects with a UsageError where that cannot be. */
export type ZmqLoader = () => Promise<ZmqPackage>;

/** Throws a UsageError on runtimes that the package makes crash or hang. */
export function mustBeNode(): void {
  const { Bun, Deno } = globalThis as { readonly Bun?: unknown; readonly Deno?: unknown };
  const runtime = Bun !== undefined ? 'Bun' : Deno !== undefined ? 'Deno' : undefined;
  if (runtime !== undefined)
    throw new UsageError(
      `zmq: the package zeromq works on Node only, and this is ${runtime}; use nats: or tcp:, or run this side on Node`,
    );
}

/** Who is bound to an endpoint of `inproc:` in this process. */
interface BoundHere {
  readonly socket: ZmqSocket;
  readonly role: ZmqPlan['role'];
}

/** The endpoints of `inproc:` where sides of this process are: ZeroMQ keeps sockets that connect to others for ever. */
const boundHere = new Map<string, BoundHere>();

/** Whether a side of this process is bound to an endpoint of `inproc:` in this role. */
export function isBoundHere(endpoint: string, role: ZmqPlan['role']): boolean {
  return boundHere.get(endpoint)?.role === role;
}

/** A socket is closed, or is no longer bound to this endpoint. */
export function unbound(socket: ZmqSocket | undefined, endpoint?: string): void {
  for (const [each, bound] of boundHere)
    if (bound.socket === socket && (endpoint ?? each) === each) boundHere.delete(each);
}

/**
 * Rejects with an error if a process serves one of these endpoints of `ipc:`, or a file that is no socket is in its place: ZeroMQ would
 * remove the file, and take the callers of that process over. Must be called before `bindTo`.
 */
export async function mustBeFree(endpoints: readonly string[]): Promise<void> {
  for (const endpoint of endpoints) {
    const file = fileOf(endpoint);
    if (file !== undefined) await clearSocketFile(file, `zmq+${endpoint}`);
  }
}

/** The file of an endpoint. A star is a free one; what begins with an at sign is none, and Linux refuses it if it is in use. */
function fileOf(endpoint: string): string | undefined {
  return process.platform === 'win32' ? undefined : /^ipc:\/\/([^*@].*)$/s.exec(endpoint)?.[1];
}

/**
 * Binds a socket, and returns its endpoint, whose port is known then. Not by `bind` of the package: until a thread has done that, reading and
 * sending throw. `role`: that of the side, where others of this process may connect. Throws a ConnectionLost for an endpoint that cannot be.
 */
export function bindTo(socket: ZmqSocket, endpoint: string, role?: ZmqPlan['role']): string {
  const file = fileOf(endpoint);
  // Another side may have come first since `mustBeFree`.
  if (file !== undefined && existsSync(file)) throw inUse(endpoint);
  try {
    forFamily(socket, endpoint);
    // ZeroMQ takes the name of an interface here, and no name of a host.
    socket.bindSync(endpoint.replace(/^tcp:\/\/localhost:/i, 'tcp://127.0.0.1:'));
  } catch (cause) {
    throw unusable('bind', endpoint, cause);
  }
  if (role !== undefined && endpoint.startsWith('inproc:')) boundHere.set(endpoint, { socket, role });
  return socket.lastEndpoint ?? endpoint;
}

/**
 * Ends an endpoint of a socket, and its connections. ZeroMQ has one function for endpoints that are bound and for those that a socket connects
 * to; `unbind` of the package has the fault of `bind`.
 */
export function detachFrom(socket: ZmqSocket, endpoint: string): void {
  socket.disconnect(endpoint);
}

/** Lets a socket connect; it does so as soon as somebody is there. Throws a ConnectionLost for an endpoint that cannot be. */
export function connectTo(socket: ZmqSocket, endpoint: string): void {
  try {
    forFamily(socket, endpoint);
    socket.connect(endpoint);
  } catch (cause) {
    throw unusable('connect to', endpoint, cause);
  }
}

/** Not before it is needed: the package warns of options that change while a socket is open. */
function forFamily(socket: ZmqSocket, endpoint: string): void {
  if (endpoint.includes('[') && !socket.ipv6) socket.ipv6 = true;
}

function unusable(what: string, endpoint: string, cause: unknown): ConnectionLost {
  const { code, message } = cause as Error & { readonly code?: string };
  if (code === 'EADDRINUSE') return inUse(endpoint, cause);
  return new ConnectionLost(`zmq: cannot ${what} ${endpoint}: ${message}`, { cause });
}

function inUse(endpoint: string, cause?: unknown): ConnectionLost {
  return new ConnectionLost(`zmq: cannot bind ${endpoint}: it is in use`, { cause });
}
