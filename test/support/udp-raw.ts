import dgram from 'node:dgram';
import { until } from './core-waiting.js';

/** A program with a bare UDP socket: it sends anything, and counts every byte that comes back. */
export class RawDatagrams {
  readonly datagrams: Buffer[] = [];
  /** How many bytes have arrived. */
  bytes = 0;
  /** Echoes the token of each `rpc.prove`. */
  echoes = false;

  private constructor(
    readonly socket: dgram.Socket,
    private readonly to: number,
  ) {
    socket.on('message', (data) => {
      this.datagrams.push(data);
      this.bytes += data.length;
      const token = /"rpc\.prove","params":\["(\w+)"\]/.exec(String(data))?.[1];
      if (token !== undefined && this.echoes) this.prove(token);
    });
  }

  /** Sends to a port of this machine, from a port of its own. */
  static async to(port: number): Promise<RawDatagrams> {
    const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new RawDatagrams(socket, port);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Sends one datagram, and returns its size in bytes. */
  async send(data: string | Uint8Array): Promise<number> {
    await new Promise<void>((resolve, reject) =>
      this.socket.send(data, this.to, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    );
    return Buffer.byteLength(data);
  }

  /** Sends messages as one datagram of `jrpc`: several as a batch. */
  say(...messages: object[]): Promise<number> {
    const all = messages.map((message) => ({ jsonrpc: '2.0', ...message }));
    return this.send(`${JSON.stringify(all.length === 1 ? all[0] : all)}\n`);
  }

  /** Echoes a token. */
  prove(token: string): Promise<number> {
    return this.say({ method: 'rpc.proved', params: [token] });
  }

  /** Every message that has arrived, those of a batch separately. */
  get messages(): {
    id?: unknown;
    method?: string;
    params?: unknown[];
    result?: unknown;
    error?: { code: number; message: string };
  }[] {
    return this.datagrams.flatMap((data) => JSON.parse(String(data)));
  }

  /** The tokens that were requested from it. */
  get tokens(): string[] {
    return this.messages.filter(({ method }) => method === 'rpc.prove').map(({ params }) => params?.[0] as string);
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.datagrams.length = 0;
    this.bytes = 0;
  }

  /** The messages for one call. */
  answer(id: unknown) {
    return this.messages.find((message) => message.id === id);
  }

  /** Resolves with the answer to a call. */
  async answered(id: unknown) {
    await until(() => this.answer(id) !== undefined);
    return this.answer(id) as NonNullable<ReturnType<RawDatagrams['answer']>>;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}
