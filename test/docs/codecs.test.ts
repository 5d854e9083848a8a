import { readFileSync } from 'node:fs';
import { codec, type Message } from 'obverse';
import { describe, expect, it } from 'vitest';
import { root } from './pages.js';
import { evaluated } from './wire-talk.js';

/* The table of docs/codecs.md: each row is a value, and how it arrives with each codec. */
const [head = '', , ...rows] = /^\| value \|.*?(?=^$)/ms
  .exec(readFileSync(`${root}/docs/codecs.md`, 'utf8'))![0]
  .trimEnd()
  .split('\n');
const cells = (row: string): string[] =>
  row
    .slice(1, -1)
    .split(' | ')
    .map((cell) => cell.trim());
const bare = (cell: string): string => cell.replace(/^`(.*)`$/, '$1');
const names = cells(head).slice(1).map(bare);

async function arrival(name: string, value: unknown): Promise<unknown> {
  const { encode, decode } = await codec(name);
  const given: Message[] = [];
  decode(encode({ kind: 'reply', id: 1, value }), (message) => given.push(message), false);
  return given[0]?.kind === 'reply' ? given[0].value : given[0];
}

describe('how values arrive, as documented in docs/codecs.md', () => {
  it('is documented for every codec', () => {
    expect(names).toEqual([
      'jrpc',
      'jrpc?dialect=quickrpc',
      'msgpack',
      'aiozmq',
      'aiomas?values=msgpack',
      'terse',
      'clone',
    ]);
    expect(rows.length).toBeGreaterThan(15);
  });
  for (const row of rows) {
    const [written = '', ...told] = cells(row);
    for (const [at, cell] of told.entries()) {
      const name = names[at] as string;
      it(`${written} in ${name}: ${cell}`, async () => {
        const value = evaluated(bare(written));
        if (cell === 'fails') await expect(arrival(name, value)).rejects.toThrow();
        else if (cell === 'same') expect(await arrival(name, value)).toStrictEqual(value);
        else expect(await arrival(name, value)).toStrictEqual(evaluated(`(${bare(cell)})`));
      });
    }
    it(`${written} in aiomas, as in jrpc`, async () => {
      const how = (name: string) => arrival(name, evaluated(bare(written))).catch(() => 'fails');
      expect(await how('aiomas')).toStrictEqual(await how('jrpc'));
    });
  }
});
