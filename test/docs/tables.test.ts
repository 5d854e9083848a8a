import { readFileSync } from 'node:fs';
import { Code, codec, declareMethods, incoming, RemoteAPI, transport } from 'obverse';
import { wireFor } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/contract/limits.js';
import { plugins } from '../../src/plugins/node.js';
import { root } from './pages.js';

/* The tables of options, bounds and codes are complete, and agree with the code. */
const textOf = (page: string): string => readFileSync(`${root}/${page}`, 'utf8');

/** The part of a page below a heading, up to the next of its kind. */
function section(page: string, heading: string): string {
  const [, text = ''] = new RegExp(`^## ${heading}\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(textOf(page)) ?? [];
  return text;
}

/** The rows of the table that begins with a line. */
function rows(text: string, head: string): string[][] {
  const [, body = ''] = text.split(`${head}\n`);
  const lines = body.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

const named = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
/** The names that an error lists after "there is" or "there are". */
const listed = (text: string): string[] =>
  (/there (?:are|is) ([\w, ]+)/.exec(text)?.[1]?.split(', ') ?? []).filter((name) => !name.includes(' '));

async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

describe('the options', () => {
  const addresses: Readonly<Record<string, string>> = {
    tcp: 'tcp://127.0.0.1:1',
    tls: 'tls://127.0.0.1:1',
    unix: 'unix:/nowhere',
    ws: 'ws://127.0.0.1:1',
    http: 'http://127.0.0.1:1',
    stdio: 'stdio:',
    process: 'process:nothing',
    worker: 'worker:./nothing.js',
    port: 'port:',
    socket: 'socket:',
    memory: 'memory:options',
    udp: 'udp://239.1.2.3:1',
    nats: 'nats://127.0.0.1:1/options',
    sqlite: 'sqlite:options.db',
    postgres: 'postgres://127.0.0.1/options',
    zmq: 'zmq+tcp://127.0.0.1:1',
    discover: 'discover:options',
    mux: 'mux:(memory:options)',
    balance: 'balance:(memory:options)',
    reconnect: 'reconnect:',
  };
  it('are documented for every transport', () =>
    expect(Object.keys(addresses).sort()).toEqual(Object.keys(plugins.transports).sort()));

  it.each(Object.entries(addresses))('of %s: are the existing ones', async (scheme, url) => {
    const make = await transport({ url, nonsense: 1 });
    const known = listed(await refusal(() => make(wireFor({ listen: false }))));
    const told = rows(section('docs/transports.md', scheme), '| option | |').flatMap(([names]) => named(names));
    expect(told.sort()).toEqual(known.sort());
    expect(told).not.toEqual([]);
  });

  it.each(Object.keys(plugins.codecs))('of %s are the existing ones', async (name) => {
    const known = listed(await refusal(() => codec({ url: name, nonsense: 1 })));
    const table = rows(section('docs/codecs.md', 'Options'), '| codec | option | |');
    const own = table.filter(([codecs]) => named(codecs).includes(name));
    expect(own.map(([, option]) => named(option)[0]?.replace(/=.*/, '')).sort()).toEqual(known.sort());
  });

  it('of a side are the existing ones', async () => {
    class Empty extends RemoteAPI {}
    const known = listed(await refusal(() => Empty.create({ nonsense: 1 } as never)));
    const told = rows(section('docs/sides.md', 'Options'), '| option | default | |').flatMap(([names]) => named(names));
    expect(told.sort()).toEqual(known.sort());
  });
});

describe('the options of a decorator', () => {
  it('are the existing ones', async () => {
    class Shop extends RemoteAPI {
      order(): void {}
    }
    const nonsense = incoming({ nonsense: 1 } as never) as never;
    const known = listed(
      await refusal(() => {
        declareMethods(Shop, { order: nonsense });
        Shop.describe();
      }),
    );
    const told = rows(textOf('docs/decorators.md'), '| option | specifies |').flatMap(([names]) => named(names));
    expect(told.sort()).toEqual(known.sort());
    expect(told).toContain('hasReply');
  });
});

describe('the options of a call', () => {
  it('are the existing ones', async () => {
    class Empty extends RemoteAPI {}
    const known = listed(await refusal(() => Empty.create().with({ nonsense: 1 } as never)));
    const told = rows(textOf('docs/call-options.md'), '| option | applies to | |').flatMap(([names]) => named(names));
    expect(told.sort()).toEqual(known.sort());
    expect(told).toContain('timeout');
  });
});

describe('the limits', () => {
  const units: Readonly<Record<string, number>> = { MiB: 1024 * 1024, KiB: 1024 };
  const told = rows(
    textOf('docs/limits-and-security.md'),
    '| bound (option `limits`) | default | stops | what happens |',
  );
  it('are complete, with their defaults', () => {
    const defaults = told.map(([name, value = '']) => {
      const [, number = '', unit = ''] = /^([\d,]+) ?(\w+)?/.exec(value) ?? [];
      return [named(name)[0], Number(number.replaceAll(',', '')) * (units[unit] ?? 1)];
    });
    expect(Object.fromEntries(defaults)).toEqual(defaultLimits);
  });
});

describe('the codes', () => {
  it('are complete', () => {
    const told = rows(textOf('docs/errors-and-ends.md'), '| code | name | meaning |');
    const codes = told.map(([code = '', name]) => [named(name)[0], Number(code.replace('−', '-'))]);
    expect(Object.fromEntries(codes)).toEqual(Code);
  });
});

describe('the README', () => {
  it('names every transport and every codec', () => {
    const readme = textOf('README.md');
    const schemes = rows(readme, '| address | what it is | a peer is called |').map(
      ([name]) => /^`(\w+)/.exec(name ?? '')?.[1],
    );
    expect(schemes.sort()).toEqual(Object.keys(plugins.transports).sort());
    const codecs = rows(readme, '| name | what it is |').map(([name]) => named(name)[0]);
    expect(codecs.sort()).toEqual(Object.keys(plugins.codecs).sort());
  });
});
