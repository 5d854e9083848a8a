import net from 'node:net';

/** A client over bare TCP, line by line: it writes anything, and sees every line that arrives. */
export class RawClient {
  readonly lines: string[] = [];
  /** Whether the other side has ended the connection. */
  over = false;
  private rest = '';
  private readonly changed = new Set<() => void>();

  private constructor(readonly socket: net.Socket) {
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('data', (text: string) => {
      const parts = (this.rest + text).split('\n');
      this.rest = parts.pop() as string;
      this.lines.push(...parts);
      this.tell();
    });
    socket.on('close', () => {
      this.over = true;
      this.tell();
    });
  }

  /** Connects to `tcp://127.0.0.1:port`. */
  static async connect(address: string): Promise<RawClient> {
    const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** Writes a string as it is; anything else as a line of JSON. */
  write(...messages: unknown[]): void {
    this.socket.write(messages.map((one) => (typeof one === 'string' ? one : `${JSON.stringify(one)}\n`)).join(''));
  }

  /** Resolves with the first so many lines, parsed. */
  async answers(count: number): Promise<unknown[]> {
    await this.until(() => this.lines.length >= count);
    return this.lines.slice(0, count).map((line) => JSON.parse(line) as unknown);
  }

  /** Resolves when the other side has ended the connection. */
  ended(): Promise<void> {
    return this.until(() => this.over);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.over) throw new Error(`the connection has ended; lines: ${this.lines.join(' | ').slice(0, 500)}`);
      await new Promise<void>((resolve) => this.changed.add(resolve));
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  private tell(): void {
    for (const resolve of this.changed) resolve();
    this.changed.clear();
  }
}
