import net, { type AddressInfo } from 'node:net';
import { type Adapter, Service } from '../../contestant.js';

/** The wire format of one ceiling: writes and reads its lines. */
export interface Envelope {
  /** One line with its line feed. */
  call(id: number, method: string, args: readonly unknown[]): string;
  note(method: string, args: readonly unknown[]): string;
  reply(id: number, value: unknown): string;
  fault(id: number, message: string): string;
  /** Reads one line and passes it to the side that it belongs to. */
  read(line: string, to: CeilingPeer): void;
}

type Resolve = (value: unknown) => void;
type Reject = (reason: Error) => void;
type Method = (...args: never[]) => unknown;

const middles = new Map<string, string>();

/** The text between the id and the arguments, cached for each method. */
export function middle(method: string, make: (quoted: string) => string): string {
  let text = middles.get(method);
  if (text === undefined) {
    text = make(JSON.stringify(method));
    middles.set(method, text);
  }
  return text;
}

/** JSON of a value; a number needs no serializer. */
export function json(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? `${value}` : (JSON.stringify(value) ?? 'null');
}

/** Lines are sent before the end of the turn once more than this number of characters have collected. */
const TICK_BYTES = 64 * 1024;
/**
 * If a turn is sent in parts, one is a quarter of the most that recent turns had, and has at least this number of
 * characters.
 */
const PARTS = 4;
const LEAST_PART = 1_024;
const KEPT = 0.995;
const LINE_FEED = 10;

/**
 * Both ends of a hand-written RPC over a socket: everything that makes one fast, and nothing that an RPC library
 * provides beyond the call itself. The lines of one turn are one string and one write; envelopes come from a template;
 * ids are recycled slots; a chunk is decoded once; an answer that is not a promise is sent in the turn of its call.
 * Each line is parsed separately and completely.
 */
export class CeilingPeer {
  private out = '';
  private scheduled = false;
  private part = TICK_BYTES;
  private left = 0;
  private most = 0;
  private tail: Buffer[] = [];
  private readonly resolves: (Resolve | undefined)[] = [];
  private readonly rejects: (Reject | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly flush = (): void => {
    this.scheduled = false;
    this.write();
    if (!this.inParts) return;
    this.most = Math.max(this.left, this.most * KEPT);
    this.left = 0;
    this.part = Math.min(Math.max(this.most / PARTS, LEAST_PART), TICK_BYTES);
  };

  constructor(
    private readonly socket: net.Socket,
    private readonly envelope: Envelope,
    private readonly methods: ReadonlyMap<string, Method>,
    private readonly inParts: boolean,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.end());
  }

  call(method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.free.pop() ?? this.resolves.length;
      this.resolves[id] = resolve;
      this.rejects[id] = reject;
      this.post(this.envelope.call(id, method, args));
    });
  }

  note(method: string, args: readonly unknown[]): void {
    this.post(this.envelope.note(method, args));
  }

  close(): void {
    this.socket.end();
  }

  // ---- called by the envelope, once per line ----

  take(id: number | undefined, method: string, args: readonly unknown[]): void {
    const handler = this.methods.get(method);
    if (handler === undefined) {
      if (id !== undefined) this.post(this.envelope.fault(id, `no method ${method}`));
      return;
    }
    let value: unknown;
    try {
      value = handler(...(args as never[]));
    } catch (error) {
      if (id !== undefined) this.post(this.envelope.fault(id, String(error)));
      return;
    }
    if (id === undefined) return;
    if (value instanceof Promise) this.answerLater(id, value);
    else this.post(this.envelope.reply(id, value));
  }

  settle(id: number, value: unknown): void {
    const resolve = this.resolves[id];
    if (resolve === undefined) return;
    this.release(id);
    resolve(value);
  }

  fail(id: number, message: string): void {
    const reject = this.rejects[id];
    if (reject === undefined) return;
    this.release(id);
    reject(new Error(message));
  }

  private release(id: number): void {
    this.resolves[id] = undefined;
    this.rejects[id] = undefined;
    this.free.push(id);
  }

  private answerLater(id: number, value: Promise<unknown>): void {
    value.then(
      (result) => this.post(this.envelope.reply(id, result)),
      (error) => this.post(this.envelope.fault(id, String(error))),
    );
  }

  private post(line: string): void {
    this.out += line;
    if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.flush);
    } else if (this.out.length > this.part) this.write();
  }

  private write(): void {
    const { out } = this;
    this.out = '';
    this.left += out.length;
    if (out !== '') this.socket.write(out, 'utf8');
  }

  private push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last < 0) {
      this.tail.push(chunk);
      return;
    }
    let whole: string;
    if (this.tail.length > 0) {
      this.tail.push(chunk.subarray(0, last));
      whole = Buffer.concat(this.tail).toString('utf8');
      this.tail = [];
    } else whole = chunk.toString('utf8', 0, last);
    if (last + 1 < chunk.length) this.tail.push(chunk.subarray(last + 1));
    let from = 0;
    for (let to = whole.indexOf('\n'); to >= 0; to = whole.indexOf('\n', from)) {
      this.envelope.read(whole.slice(from, to), this);
      from = to + 1;
    }
    this.envelope.read(from === 0 ? whole : whole.slice(from), this);
  }

  private end(): void {
    for (const reject of this.rejects) reject?.(new Error('the connection is lost'));
    this.resolves.length = 0;
    this.rejects.length = 0;
    this.free.length = 0;
  }
}

/**
 * The contestant with this envelope over TCP; with `inParts`, the messages of a turn are sent in several parts instead
 * of one write.
 */
export function ceiling(envelope: Envelope, inParts = false): Adapter {
  return {
    serve() {
      const service = new Service();
      const methods = new Map<string, Method>([
        ['add', (a: number, b: number) => service.add(a, b)],
        ['note', (n: number) => service.note(n)],
        ['counted', () => service.counted()],
      ]);
      return listen((socket) => new CeilingPeer(socket, envelope, methods, inParts));
    },
    async connect(address) {
      const peer = new CeilingPeer(await dial(address), envelope, new Map(), inParts);
      return {
        add: (a, b) => peer.call('add', [a, b]) as Promise<number>,
        note: (n) => peer.note('note', [n]),
        counted: () => peer.call('counted', []) as Promise<number>,
        close: () => peer.close(),
      };
    },
  };
}

/** Listens on a free port of the loopback; returns the port as text. */
export function listen(accept: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer(accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, () => {
      resolve(String((server.address() as AddressInfo).port));
    });
  });
}

/** Connects to a port that `listen` returned. */
export function dial(port: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
