import type { Socket } from 'node:net';
import { Packr } from 'msgpackr';
import { type Adapter, type Caller, Service } from '../contestant.js';
import { dial, listen } from './shared/ceiling.js';

const CALL = 0;
const REPLY = 1;
const PREFIX = 4;

type Message = [type: number, id: number, ...rest: unknown[]];

/** msgpackr over a socket, each message after its length in 4 bytes: the reference for large values. */
class MsgpackPeer {
  private readonly packr = new Packr({ useRecords: false });
  private readonly prefix = Buffer.alloc(PREFIX);
  private prefixed = 0;
  /** The message that is being received, allocated once its length is known, so that nothing is copied twice. */
  private body: Buffer | undefined;
  private filled = 0;

  constructor(
    private readonly socket: Socket,
    private readonly take: (message: Message) => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.push(chunk));
    socket.on('error', () => socket.destroy());
  }

  send(message: Message): void {
    const packed = this.packr.pack(message);
    const prefix = Buffer.allocUnsafe(PREFIX);
    prefix.writeUInt32BE(packed.length);
    this.socket.cork();
    this.socket.write(prefix);
    this.socket.write(packed);
    this.socket.uncork();
  }

  close(): void {
    this.socket.end();
  }

  private push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.body === undefined) {
        const copied = chunk.copy(this.prefix, this.prefixed, at);
        at += copied;
        this.prefixed += copied;
        if (this.prefixed < PREFIX) return;
        this.body = Buffer.allocUnsafeSlow(this.prefix.readUInt32BE());
        this.prefixed = 0;
        this.filled = 0;
      } else {
        const copied = chunk.copy(this.body, this.filled, at);
        at += copied;
        this.filled += copied;
        if (this.filled < this.body.length) return;
        const whole = this.body;
        this.body = undefined;
        this.take(this.packr.unpack(whole) as Message);
      }
    }
  }
}

export default {
  serve() {
    const service = new Service();
    return listen((socket) => {
      const peer: MsgpackPeer = new MsgpackPeer(socket, ([, id, method, args]) => {
        const name = method as 'add' | 'bytes';
        const value = service[name](...(args as [never, never]));
        peer.send([REPLY, id, value]);
      });
    });
  },
  async connect(address) {
    const waiting = new Map<number, (value: never) => void>();
    const peer = new MsgpackPeer(await dial(address), ([, id, value]) => {
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve?.(value as never);
    });
    let nextId = 0;
    const call = <T>(method: string, args: unknown[]): Promise<T> =>
      new Promise((resolve) => {
        const id = nextId++;
        waiting.set(id, resolve);
        peer.send([CALL, id, method, args]);
      });
    return {
      add: (a, b) => call('add', [a, b]),
      bytes: (value) => call('bytes', [value]),
      close: () => peer.close(),
    } satisfies Caller;
  },
} satisfies Adapter;
