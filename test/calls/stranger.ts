import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Packr, Unpackr } from 'msgpackr';

/** A message in whatever format: a call (without an id a notification), or an answer. */
export interface Seen {
  readonly id?: number | string | undefined;
  readonly method?: string | undefined;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string } | undefined;
}

/** How a peer that is not Obverse encodes its messages, by hand: it implements its protocol and nothing of Obverse. */
interface Tongue {
  write(message: Seen): string | Uint8Array;
  /** The messages in the bytes received, and the remaining bytes. */
  read(bytes: Buffer): { messages: Seen[]; rest: Buffer };
}

/** JSON-RPC 2.0, one message per line. */
const jrpc: Tongue = {
  write: (message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`,
  read(bytes) {
    const lines = bytes.toString().split('\n');
    const rest = Buffer.from(lines.pop() as string);
    const messages = lines.map((line) => {
      const { jsonrpc, ...message } = JSON.parse(line) as Seen & { jsonrpc: string };
      if (jsonrpc !== '2.0') throw new Error(`this is no JSON-RPC 2.0: ${line}`);
      return message;
    });
    return { messages, rest };
  },
};

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

/** MessagePack-RPC: arrays that begin with 0, 1 or 2. Named arguments are one map among the params. */
const msgpack: Tongue = {
  write({ id, method, params, result, error }) {
    const args = params === undefined ? [] : Array.isArray(params) ? params : [params];
    if (method === undefined) return packr.pack([1, id, error ?? null, result ?? null]);
    return packr.pack(id === undefined ? [2, method, args] : [0, id, method, args]);
  },
  read(bytes) {
    const values: unknown[] = [];
    let end = 0;
    try {
      unpackr.unpackMultiple(bytes, (value: unknown, _start?: number, stop?: number) => {
        values.push(value);
        end = stop as number;
      });
    } catch (error) {
      if ((error as { incomplete?: boolean }).incomplete !== true) throw error;
    }
    return { messages: values.map(unpacked), rest: bytes.subarray(end) };
  },
};

function unpacked(value: unknown): Seen {
  const [kind, ...rest] = value as [number, ...unknown[]];
  const [first, second, third] = rest as [never, never, never];
  if (kind === 2 && rest.length === 2) return { method: first, ...given(second) };
  if (kind === 0 && rest.length === 3) return { id: first, method: second, ...given(third) };
  if (kind !== 1 || rest.length !== 3) throw new Error(`this is not MessagePack-RPC: ${JSON.stringify(value)}`);
  return second === null ? { id: first, result: third } : { id: first, error: second };
}

/** As in JSON-RPC: one map means named arguments. */
function given(args: readonly unknown[]): { params?: unknown } {
  if (args.length === 0) return {};
  const [only] = args;
  const isMap = typeof only === 'object' && only !== null && !Array.isArray(only);
  return { params: args.length === 1 && isMap ? only : args };
}

const tongues: Readonly<Record<string, Tongue>> = { jrpc, msgpack };

type Serve = (params: unknown) => unknown;

/**
 * A peer that implements only its protocol. It calls, and serves requests for which it has functions; others it answers as
 * unknown methods. It ignores unknown notifications, as both protocols require.
 */
export class PlainPeer {
  /** All messages received, in order. */
  readonly seen: Seen[] = [];
  /** Its methods: each returns the answer, or a promise of it. */
  readonly served: Record<string, Serve> = {};
  over = false;
  private ids = 100;
  private rest: Buffer = Buffer.alloc(0);
  private readonly answers = new Map<unknown, (answer: Seen) => void>();

  constructor(
    readonly socket: net.Socket,
    private readonly tongue: Tongue,
  ) {
    socket
      .on('error', () => {})
      .on('close', () => {
        this.over = true;
      });
    socket.on('data', (chunk) => {
      const { messages, rest } = tongue.read(Buffer.concat([this.rest, chunk]));
      this.rest = rest;
      for (const message of messages) void this.take(message);
    });
  }

  /** Calls, and waits for the answer. */
  call(method: string, params?: unknown): Promise<Seen> {
    const id = ++this.ids;
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.write({ id, method, ...(params !== undefined && { params }) });
    });
  }

  notify(method: string, params?: unknown): void {
    this.write({ method, ...(params !== undefined && { params }) });
  }

  write(message: Seen): void {
    this.socket.write(this.tongue.write(message));
  }

  private async take(message: Seen): Promise<void> {
    this.seen.push(message);
    const { id, method, params } = message;
    if (method === undefined) this.answers.get(id)?.(message);
    else if (id !== undefined) {
      const serve = this.served[method];
      if (serve === undefined) this.write({ id, error: { code: -32_601, message: 'Method not found' } });
      else this.write({ id, result: (await serve(params)) ?? null });
    }
  }
}

/** A peer that is not Obverse and connects to a server at `tcp://127.0.0.1:port`. */
export async function dialing(address: string, codec: string): Promise<PlainPeer> {
  const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  return new PlainPeer(socket, tongues[codec] as Tongue);
}

/** A peer that is not Obverse and listens: its address, and the peer once somebody has connected. */
export async function listening(codec: string): Promise<{ address: string; come: Promise<PlainPeer> }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const come = once(server, 'connection').then(([socket]) => {
    server.close();
    return new PlainPeer(socket as net.Socket, tongues[codec] as Tongue);
  });
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, come };
}
