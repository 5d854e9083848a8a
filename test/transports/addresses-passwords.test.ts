import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { parseAddress, withoutPassword } from '../../src/contract/address.js';
import { transport } from '../../src/plugins/registry.js';
import browser from '../../transports/ws.browser.js';
import { wire } from '../support/ws-sides.js';
import '../../src/index.js';

/** What a wrong address is refused with, and the address of a right one. */
async function shownOf(text: string, listen: boolean): Promise<string> {
  try {
    return (await (await transport(text))(wire({ listen }))).address;
  } catch (error) {
    return (error as Error).message;
  }
}

const PLACES = ['host:99999', 'host:0', 'host:x/db', 'host:80/a#b', 'host', 'host:80/a/b?x=1'];
const ACCESS = ['me:hush', 'me:hu/sh', 'me:hush%', 'hush', 'me:a@hush', 'me:hush(x)', 'me:hush?y'];
const SCHEMES =
  'ws wss http https tcp tls udp nats postgres postgress my_db zmq+tcp reconnect+tcp reconnect+ws restart:5:ws 5ws';

it.each(SCHEMES.split(' '))(
  'what is said of a wrong address of %s: does not show the password in it',
  async (scheme) => {
    for (const access of ACCESS)
      for (const place of PLACES)
        for (const listen of [false, true]) {
          const text = `${scheme}://${access}@${place}`;
          expect(await shownOf(text, listen), text).not.toMatch(/hu\/?sh/);
        }
  },
);

it('addresses of other transports within do not show it either', async () => {
  const inner = 'ws://me:hush@host:80';
  const wrong = [
    `mux:(${inner})(ws://h:1`,
    `mux:(${inner})x`,
    `mux:${inner}`,
    `mux:()(${inner})`,
    `restart:(${inner})`,
  ];
  const others = [
    `discover:chat(${inner})`,
    `discover:(${inner})`,
    `discover:chat(foo://me:hush@h)`,
    `balance:(${inner})x`,
  ];
  const right = [`mux:(${inner})(tcp://h:1)`, `balance:(${inner})(tcp://h:1)`, `reconnect:(${inner})`];
  for (const text of [...wrong, ...others, ...right])
    for (const listen of [false, true]) expect(await shownOf(text, listen), text).not.toContain('hush');
  expect(await shownOf(right[0] as string, false)).toBe('mux:(ws://…@host:80)(tcp://h:1)');
});

it('a page does not show it', () => {
  // Node 20 has none.
  if (globalThis.WebSocket === undefined) vi.stubGlobal('WebSocket', WebSocket);
  expect(() => browser(parseAddress('ws://me:hush@host:99999'), wire())).toThrow(
    /^"ws:\/\/…@host:99999" cannot be dialed: 99999 is not a port/,
  );
});

it('an address without a password is shown as it is', () => {
  for (const text of [
    'ws://host/@chat',
    'http://host:80/a@b',
    'tcp://[::1]:80',
    'ws://host?mail=a@b',
    'unix:/a/b@c',
    'x:(ws://h/@a)(ws://h/b)',
  ])
    expect(withoutPassword(text)).toBe(text);
  expect(withoutPassword('mux:(tcp://h:1)(ws://a:b@h)')).toBe('mux:(tcp://h:1)(ws://…@h)');
});
