import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import type { AddressObject, Form, Frame, TransportSource } from 'obverse';
import { codec as codecOf } from 'obverse';
import { WebSocket } from 'ws';
import { framingFor } from '../../src/contract/framing/framings.js';
import type { Authenticate } from '../../src/types/authentication.js';

/** How a side of the page's class is opened. */
export interface Plan {
  readonly codec: string;
  readonly security?: string;
  /** Whether it connects, where the transport leaves that open. */
  readonly dials: boolean;
  /** Sessions go on over another link. */
  readonly resume?: boolean;
  readonly authenticate?: Authenticate;
}

/** A side of the page's class, as far as a conversation needs it. */
export interface Served {
  readonly address: string;
  close(options?: { readonly drain?: number }): Promise<void>;
}
export type Serve = (at: TransportSource, plan: Plan) => Promise<Served>;

/** The peer's end of the link: sends the lines of the page, and reports what arrives in the notation of the page. */
interface End {
  send(line: string): void;
  /** Ends the output and continues to read, if the transport can. */
  finish?(): void;
  /** May be called twice. */
  close(): void;
  /** Whether it sees that the other side has ended. */
  readonly sees: boolean;
}

/** What has arrived, one line for each frame, datagram or message. */
class Heard {
  private readonly lines: string[] = [];
  private arrived: (() => void) | undefined;
  over = false;

  put(line: string): void {
    this.lines.push(line);
    this.arrived?.();
  }

  end(): void {
    this.over = true;
    this.arrived?.();
  }

  /** The next line; undefined if there will be none. */
  async next(): Promise<string | undefined> {
    while (this.lines.length === 0 && !this.over) {
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
    }
    return this.lines.shift();
  }
}

/** The notation of a frame in the page. */
interface Notation {
  read(line: string): Frame;
  show(frame: Frame): string;
}

const hex: Notation = {
  read: (line) => Buffer.from(line.replaceAll(' ', ''), 'hex'),
  show: (frame) => Buffer.from(frame as Uint8Array).toString('hex'),
};
const text: Notation = { read: (line) => line, show: (frame) => frame as string };
const notationOf = (form: Form): Notation => (form === 'text' ? text : hex);

/** The bytes of a text with `\n`, `\0`, `\r` and `\xff` in it. */
export function unescaped(written: string): Buffer {
  const signs: Readonly<Record<string, string>> = { n: '\n', r: '\r', 0: '\0' };
  const read = written.replaceAll(/\\(?:x([0-9a-f]{2})|([nr0]))/g, (_all, code: string | undefined, sign: string) =>
    code === undefined ? (signs[sign] as string) : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(read, 'latin1');
}

/** The value of a JavaScript expression. */
export function evaluated(expression: string): unknown {
  return new Function(`return ${expression}`)();
}

type Dial = (served: Served, plan: Plan, heard: Heard, extra: readonly string[]) => Promise<End>;

const tcp: Dial = async ({ address }, plan, heard) => {
  const { form, framing } = await codecOf(plan.codec);
  const frames = framingFor(undefined, { form, framing })(form as 'text' | 'bytes', 1_000_000);
  const { read, show } = notationOf(form);
  const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('data', (chunk) => frames.push(chunk, (frame) => heard.put(show(frame))));
  socket.on('close', () => heard.end());
  const send = (line: string) => socket.write(frames.wrap([read(line)]));
  return { send, finish: () => socket.end(), close: () => socket.destroy(), sees: true };
};

const ws: Dial = async ({ address }, plan, heard, protocols) => {
  const { form } = await codecOf(plan.codec);
  const { read, show } = notationOf(form);
  const socket = new WebSocket(address, [...protocols]);
  socket.on('message', (data: Buffer) => heard.put(show(form === 'text' ? data.toString() : data)));
  socket.on('close', () => heard.end());
  await once(socket, 'open');
  return { send: (line) => socket.send(read(line) as string), close: () => socket.terminate(), sees: true };
};

const udp: Dial = async ({ address }, _plan, heard) => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (data) => heard.put(JSON.stringify(data.toString()).slice(1, -1).replaceAll('\\"', '"')));
  socket.connect(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  const close = (): void => {
    if (!heard.over) socket.close();
    heard.end();
  };
  return { send: (line) => socket.send(unescaped(line)), close, sees: false };
};

const dials = { tcp, ws, udp } as const;

/** One user, whose token may be one that runs out at once. */
const authenticate: Authenticate = ({ credentials, expireIn }) => {
  if (String(credentials).startsWith('brief')) expireIn(0);
  return String(credentials).endsWith('secret of ann') && { id: 'ann' };
};

/**
 * Plays a conversation of a page: `wire tcp jrpc`, then lines that a peer sends (`>`) and lines that must arrive
 * (`<`), in order. A line that begins with `#` is a comment, except `# close`, which closes the side, `# drain`, which closes it with `{ drain: 30_000 }`, `# end`, which ends
 * the output of the peer, and `# cut`, which ends the link and opens another one. Returns the actual conversation, for comparison with the block.
 */
export async function played(info: string, block: string, serve: Serve): Promise<string> {
  const [, by = '', codec = '', ...extra] = info.split(/\s+/);
  const security = extra.find((word) => word.startsWith('security='))?.slice('security='.length);
  const protocols = extra.filter((word) => !word.includes('=') && !['dials', 'resume', 'authenticate'].includes(word));
  const resume = extra.includes('resume') && { resume: true };
  const authenticated = extra.includes('authenticate') && { authenticate };
  const plan: Plan = {
    codec,
    dials: extra.includes('dials'),
    ...(security !== undefined && { security }),
    ...resume,
    ...authenticated,
  };
  let heard = new Heard();
  const { served, end: first } =
    by === 'port' ? await overPort(plan, heard, serve) : await over(by, plan, heard, protocols, serve);
  let end: End = first;
  let said = '';
  /** The name of the session, for which the page has an ellipsis. */
  let token = '…';
  try {
    for (const line of block.trimEnd().split('\n')) {
      const [, way, what] = /^([<>]) (.*)$/.exec(line) ?? [];
      if (way === '>') end.send(bare(what as string).replace('"token":"…"', `"token":"${token}"`));
      if (line.startsWith('# cut')) {
        end.close();
        heard = new Heard();
        end = await dials[by as keyof typeof dials](served, plan, heard, protocols);
      }
      if (line.startsWith('# close')) await served.close();
      // What it sends then is in the conversation; the end of that ends it.
      if (line.startsWith('# drain')) void served.close({ drain: 30_000 });
      if (line.startsWith('# end')) end.finish?.();
      if (way !== '<') said += `${line}\n`;
      else {
        const came = await heard.next();
        token = /"token":"([^"]+)"/.exec(came ?? '')?.[1] ?? token;
        said += `< ${came === undefined ? '(nothing)' : same(came, what as string) ? what : came}\n`;
      }
    }
    await served.close();
    if (!end.sees) end.close();
    for (let more = await heard.next(); more !== undefined; more = await heard.next()) said += `< ${more}\n`;
  } finally {
    await served.close();
    end.close();
  }
  return said;
}

async function over(by: string, plan: Plan, heard: Heard, protocols: readonly string[], serve: Serve) {
  const dial = dials[by as keyof typeof dials];
  const served = await serve(`${by}://127.0.0.1:0`, plan);
  return { served, end: await dial(served, plan, heard, protocols) };
}

async function overPort(plan: Plan, heard: Heard, serve: Serve) {
  const { port1, port2 } = new MessageChannel();
  port2.on('message', (message) => heard.put(JSON.stringify(message)));
  port2.on('close', () => heard.end());
  const served = await serve({ url: 'port:', port: port1 } as AddressObject, plan);
  const end: End = { send: (line) => port2.postMessage(evaluated(line)), close: () => port2.close(), sees: true };
  return { served, end };
}

/** A line without its comment, which follows two blanks and a `#`. */
export function bare(line: string): string {
  return line.replace(/\s{2,}#.*$/, '').trimEnd();
}

/** Whether a line agrees with the page, apart from blanks between bytes or values, and from the text that `…` stands for. */
function same(came: string, written: string): boolean {
  const text = bare(written);
  const [head = '', tail] = text.split('…');
  if (tail !== undefined) return came.startsWith(head) && came.endsWith(tail) && came.length >= text.length - 1;
  if (came === text || came === text.replaceAll(' ', '')) return true;
  return text.startsWith("['obverse:") && came === JSON.stringify(evaluated(text));
}
