import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { length } from '../../src/contract/framing/framings.js';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) who(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true, allowPositionalArgs: true }) add(
    _sender: Sender,
    _one: unknown,
    _other: unknown,
  ): Reply<unknown> {}
}

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const unknown = (name: string) => `[2, 1, "LookupError: the method \\"${name}\\" is unknown\\n"]`;
/** What a peer may send, and how it is answered; undefined if it is not. */
const messages: readonly (readonly [string, string | RegExp | undefined])[] = [
  ['[0,0,["who",[],{}]]', '[1, 0, "the desk"]'],
  ['[0,1,["rpc/hello",[],{"obverse":1}]]', unknown('rpc.hello')],
  ['[0,1,["__proto__",[],{}]]', unknown('__proto__')],
  ['[0,1,["constructor/name",[],{}]]', unknown('constructor.name')],
  ['[0,1,["",[],{}]]', unknown('')],
  [`[0,1,["${'/'.repeat(900_000)}",[],{}]]`, /^\[2, 1, "LookupError: the method .{1,300}$/],
  ['[0,1,["add",[1],{"other":2}]]', /^\[2, 1, "TypeError: add takes its arguments either by position or by name/],
  ['[0,1,["add",[{"__proto__":{"x":1}},{"toString":1}],{}]]', '[1, 1, [{},{"toString":1}]]'],
  ['[0,1,["add",[NaN],{}]]', /^\[2, 1, "Exception: it is not JSON/],
  [`[0,1,["add",[${deep},1],{}]]`, /^\[2, 1, "Exception: the message is nested deeper/],
  ['[0,1]', '[2, 1, "Exception: it is not [type, id, content]\\n"]'],
  ...['[0,1.5,["who",[],{}]]', '[0,null,["who",[],{}]]', '[1,1,2]', '[2,1,{}]', '[2,0,{"toString":1}]', '[3,1,2]'].map(
    (text) => [text, undefined] as const,
  ),
  ...['{}', '', '{"a"', ' '.repeat(900_000), deep].map((text) => [text, undefined] as const),
];

/** A bare peer: what it sends, and what arrives. */
interface Peer {
  send(text: string): void;
  heard(text: (text: string) => void): void;
  end(): void;
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

async function overSocket(path: string): Promise<Peer> {
  const socket = net.connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    send: (text) => void socket.write(framed(text)),
    heard(give) {
      const framing = length('text', 1_000_000);
      socket.on('data', (chunk) => framing.push(chunk, (frame) => give(frame as string)));
    },
    end: () => void socket.destroy(),
  };
}

async function overWebSocket(url: string): Promise<Peer> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    send: (text) => socket.send(text),
    heard: (give) => void socket.on('message', (data) => give(String(data))),
    end: () => socket.terminate(),
  };
}

describe.each(['unix', 'ws'])('aiomas over %s', (scheme) => {
  it('answers a hostile peer under its ids, and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aiomas-'));
    const url = scheme === 'ws' ? 'ws://127.0.0.1:0/desk' : `unix:${join(folder, 'desk.sock')}`;
    const side = await Desk.serve(url, { codec: 'aiomas', logger: null });
    side.who.connect(() => 'the desk');
    side.add.connect((_sender, one, other) => [one, other]);
    const peer = await (scheme === 'ws' ? overWebSocket(side.address) : overSocket(join(folder, 'desk.sock')));
    const heard: string[] = [];
    const waiting = new Set<() => void>();
    peer.heard((text) => {
      heard.push(text);
      for (const wake of waiting) wake();
    });
    const last = async (): Promise<void> => {
      while (heard.at(-1) !== '[1, 7, "the desk"]') await new Promise<void>((resolve) => waiting.add(resolve));
    };
    for (const [text, answer] of messages) {
      heard.length = 0;
      peer.send(text);
      peer.send('[0,7,["who",[],{}]]');
      await last();
      const [first] = heard.length > 1 ? heard : [];
      const what = text.slice(0, 40);
      if (answer === undefined || typeof answer === 'string') expect(first, what).toBe(answer);
      else expect(first, what).toMatch(answer);
    }
    peer.end();
    await side.close();
    rmSync(folder, { recursive: true });
  });
});
