import net from 'node:net';

/** A WebSocket client of bare bytes: what a hostile or a broken peer may send. */
export class RawClient {
  readonly socket: net.Socket;
  private chunks: Buffer[] = [];
  /** The head of the response. */
  head = '';
  closed = false;

  private constructor(socket: net.Socket) {
    this.socket = socket;
  }

  /** Connects and sends the handshake, optionally with more header lines; resolves when a head has arrived. */
  static async dial(address: string, ...headers: string[]): Promise<RawClient> {
    const client = await RawClient.connect(address);
    const { pathname } = new URL(address);
    client.socket.write(
      [
        `GET ${pathname} HTTP/1.1`,
        'Host: 127.0.0.1',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
        '\r\n',
      ].join('\r\n'),
    );
    await client.until(() => client.head !== '' || client.closed);
    return client;
  }

  /** Connects and sends nothing. */
  static async connect(address: string): Promise<RawClient> {
    const { hostname, port } = new URL(address);
    const socket = net.connect(Number(port), hostname);
    const client = new RawClient(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      client.chunks.push(chunk);
      if (client.head !== '') return;
      const { received } = client;
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      client.head = received.subarray(0, end).toString();
      client.chunks = [received.subarray(end + 4)];
    });
    socket.on('close', () => {
      client.closed = true;
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return client;
  }

  /** The bytes after the head of the response. */
  get received(): Buffer {
    this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0]!;
  }

  /** Sends one frame, masked with zeros. */
  frame(opcode: number, payload: Uint8Array | string, fin = true): void {
    const body = Buffer.from(payload);
    const head = [(fin ? 0x80 : 0) | opcode];
    if (body.length < 126) head.push(0x80 | body.length);
    else head.push(0x80 | 126, body.length >> 8, body.length & 255);
    this.socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]));
  }

  /** The code and the text of the close frame that the server has sent, if it has sent nothing else. */
  get closeFrame(): { code: number; text: string } | undefined {
    const frame = this.received;
    if (frame.length < 4 || frame[0] !== 0x88) return undefined;
    return { code: frame.readUInt16BE(2), text: frame.subarray(4).toString() };
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** The payload of a close frame. */
export function closeFrame(code: number, text = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(text)]);
}
