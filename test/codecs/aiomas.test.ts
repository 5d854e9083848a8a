import { describe, expect, it } from 'vitest';
import aiomas, { Extension } from '../../codecs/aiomas.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Frame, Message, Outbound } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';
import { length } from '../../src/contract/framing/framings.js';
import { testCodec } from '../../src/testing/codec.js';
import { withRandom } from '../../src/testing/random.js';

const make = (url = 'aiomas') => aiomas(parseAddress(url));
const noFault = 'an error of aiomas is a text without a code';
const noNote = 'every request is answered';
const gaps = {
  'carries method names with punctuation': '"/" is "." here, as in a namespace',
  'carries a call and a reply with the id null': 'ids are numbers',
  'carries a fault with the id null': 'ids are numbers',
  'carries a notification with named arguments': noNote,
  'carries a notification with positional arguments': noNote,
  'carries a notification without arguments': noNote,
  'carries any value of JSON': noNote,
  'does not change a frame later': noNote,
  'carries ids that are numbers': noFault,
  'carries ids that are texts': noFault,
  'encodes further messages after a failure': noFault,
  'carries faults': noFault,
  'carries faults with data': noFault,
};

testCodec({ describe, it }, { name: 'aiomas', make, gaps });
testCodec(
  { describe, it },
  {
    name: 'aiomas?values=msgpack',
    make: () => make('aiomas?values=msgpack'),
    values: [
      ...[Uint8Array.of(0, 1, 255), new Uint8Array(100_001).fill(7), Number.NaN, Number.POSITIVE_INFINITY],
      ...[2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n],
      ...[0, 0x42, 0x53, 0x72, 0x74, 122].map((type) => new Extension(type, Uint8Array.of(1))),
    ],
    deep: [0x91, 0x81].map((open) => Uint8Array.of(0x93, 1, 1, ...new Uint8Array(100_000).fill(open))),
    gaps,
  },
);

/** The messages in bytes as they are on the wire, each with its length before it. */
function read(hex: string, url?: string): Message[] {
  const { form, decode } = make(url);
  const given: Message[] = [];
  const give = (frame: Frame): void => decode(frame, (message) => given.push(message), false);
  length(form as 'text' | 'bytes', 1_000_000).push(Buffer.from(hex, 'hex'), give);
  return given;
}

function hexOf(message: Outbound, url?: string): string {
  const { form, encode } = make(url);
  const wire = length(form as 'text' | 'bytes', 1_000_000).wrap([encode(message)]);
  return Buffer.from(wire as Uint8Array).toString('hex');
}

const text = (content: string): string =>
  `${content.length.toString(16).padStart(8, '0')}${Buffer.from(content).toString('hex')}`;
const call = { kind: 'call', id: 1, method: 'maths.add', args: [2], named: false, batch: undefined } as const;

describe('bytes of aiomas 2.0, as its sockets have sent them,', () => {
  const request = '000000255b302c20312c205b226d617468732f616464222c205b325d2c207b2262223a2034307d5d5d';
  const reply = '0000000a5b312c20312c2034325d';
  it.each([
    [request, undefined, { ...call, keywords: { b: 40 } }],
    [reply, undefined, { kind: 'reply', id: 1, value: 42 }],
    ['0000001493000193a96d617468732f616464910281a16228', 'aiomas?values=msgpack', { ...call, keywords: { b: 40 } }],
    ['000000049301012a', 'aiomas?values=msgpack', { kind: 'reply', id: 1, value: 42 }],
  ])('are read: %s', (hex, url, message) => expect(read(hex, url)).toEqual([message]));

  it('are written', () => {
    expect(hexOf({ kind: 'reply', id: 1, value: 42 })).toBe(reply);
    const url = 'aiomas?values=msgpack';
    expect(hexOf({ kind: 'reply', id: 1, value: 42 }, url)).toBe('000000049301012a');
    expect(hexOf({ ...call, method: 'add', args: [2] }, url)).toBe('0000000b93000193a3616464910280');
    // Spaces between values are those of Python, except in arguments.
    expect(hexOf({ ...call, args: [] })).toBe(text('[0, 1, ["maths/add",[],{}]]'));
    expect(hexOf({ ...call, args: [{ b: 40 }], named: true })).toBe(text('[0, 1, ["maths/add",[],{"b":40}]]'));
  });
});

describe('a request of aiomas', () => {
  it('may have the id 0, which is not the lack of one', () => {
    expect(read(text('[0, 0, ["add", [], {}]]'))).toMatchObject([{ kind: 'call', id: 0, method: 'add' }]);
    expect(hexOf({ kind: 'reply', id: 0, value: null })).toBe(text('[1, 0, null]'));
  });
  it('is what a notification from here becomes, with the id 0; the answer is ignored', () => {
    const note = { ...call, id: undefined, args: [] };
    expect(hexOf(note)).toBe(text('[0, 0, ["maths/add",[],{}]]'));
    expect(read(hexOf(note))).toEqual([{ ...note, id: 0 }]);
    expect(read(`${text('[1, 0, 7]')}${text('[2, 0, "no"]')}`)).toEqual([]);
  });
  it('cannot have a "/" in a name from here, which would arrive as another name', () => {
    expect(() => hexOf({ ...call, method: 'maths/add' })).toThrow(
      /"\/", which is "\." here: maths\/add cannot be sent$/,
    );
  });
});

describe('a traceback', () => {
  const errorIn = (traceback: string) => {
    const [message] = read(text(JSON.stringify([2, 1, traceback])));
    return message?.kind === 'fault' ? message.error : message;
  };
  const frames = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    raise X\n';

  it('is an error with the class and the message of its last line', () => {
    const traceback = `${frames}ValueError: on purpose\n`;
    expect(errorIn(traceback)).toEqual({
      code: -32_000,
      message: 'on purpose',
      data: { name: 'ValueError', stack: traceback.trim() },
    });
  });
  it.each([
    [`${frames}shop.Sold\n`, 'shop.Sold', 'shop.Sold'],
    [`${frames}KeyError: 'a'\n`, 'KeyError', "'a'"],
    [`${frames}ValueError: two\n  lines: more\n`, 'ValueError', 'two\n  lines: more'],
    [
      `${frames}KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n${frames}OSError: 2\n`,
      'OSError',
      '2',
    ],
    [`${frames}KeyError: 1\n\n${frames}TypeError: 2\n\n${frames}OSError: 3\n`, 'OSError', '3'],
    ['ValueError: without frames', 'ValueError', 'without frames'],
  ])('%j', (traceback, name, message) => expect(errorIn(traceback)).toMatchObject({ message, data: { name } }));

  it('of a name that does not exist or is not exposed has the code of that', () => {
    expect(errorIn(`${frames}LookupError: Name "nope" not found in ""\n`)).toMatchObject({ code: -32_601 });
    expect(errorIn(`${frames}LookupError: "x.Y.z" is not exposed\n`)).toMatchObject({ code: -32_601 });
    expect(errorIn(`${frames}LookupError: 7\n`)).toMatchObject({ code: -32_000 });
  });
  it.each(['', 'just a text', '42', '  indented', 'word', frames, '\n\n'])(
    'of another form is a message: %j',
    (traceback) => {
      const error = errorIn(traceback) as { message: string; data?: unknown };
      expect(error.message).not.toBe('');
      expect(error.data).toBeUndefined();
    },
  );
  it('that is no text is a message, too', () => {
    expect(read(text('[2, 1, {"a": 1}]'))).toMatchObject([{ kind: 'fault', id: 1 }]);
  });
  it.each([
    [{ code: -32_601, message: 'nobody handles nope' }, 'LookupError: nobody handles nope\n'],
    [{ code: -32_602, message: 'a is missing' }, 'TypeError: a is missing\n'],
    [{ code: -32_000, message: 'no', data: { name: 'RangeError' } }, 'ValueError: no\n'],
    [{ code: 7, message: 'no' }, 'Exception: no\n'],
  ])('is written for %j', (error, traceback) => {
    expect(hexOf({ kind: 'fault', id: 1, error })).toBe(text(`[2, 1, ${JSON.stringify(traceback)}]`));
    expect(errorIn(traceback)).toMatchObject({ message: error.message });
  });
});

it('carries any value of JSON in requests and results', () => {
  for (const url of ['aiomas', 'aiomas?values=msgpack'])
    withRandom(500, (random) => {
      const value = random.value();
      expect(read(hexOf({ ...call, args: [{ value }], named: true }, url), url)).toMatchObject([{ args: [{ value }] }]);
      expect(read(hexOf({ kind: 'reply', id: 1, value }, url), url)).toEqual([{ kind: 'reply', id: 1, value }]);
    });
});

describe('a hostile peer', () => {
  it.each(['[]', '[0]', '[3, 1, 2]', '{}', '1', '[1, 1.5, 2]', '[1, true, 2]', '[1, {}, 2]', '[1, null, 2]', '[', 'x'])(
    'that sends no message is refused: %s',
    (content) => expect(() => read(text(content))).toThrow(/^this is no message of aiomas: /),
  );
  it('that calls nothing, or with arguments that are none, is refused under its id', () => {
    for (const content of ['1', 'null', '["a"]', '[1, [], {}]', '["a", {}, []]', '["a", [], [1]]', '["a", [], {}, 1]'])
      expect(read(text(`[0, 5, ${content}]`))).toMatchObject([{ kind: 'bad', id: 5, error: { code: -32_600 } }]);
  });
  it('that sends too little or too much hears so under its id', () => {
    expect(read(text('[0, 5]'))).toMatchObject([{ kind: 'bad', id: 5, error: { code: -32_600 } }]);
    expect(read(text('[0, 5, [], 4]'))).toMatchObject([{ kind: 'bad', id: 5 }]);
    expect(read(text('[1, 5]'))).toMatchObject([{ kind: 'fault', id: 5, error: { code: -32_603 } }]);
    expect(read(text('[2, 0]'))).toEqual([]);
  });
  it('that sends NaN of Python, or half a message, hears so under its id', () => {
    expect(read(text('[0, 5, ["a", [NaN], {}]]'))).toMatchObject([{ kind: 'bad', id: 5 }]);
    expect(read(text('[1, 5, Infinity]'))).toMatchObject([{ kind: 'fault', id: 5, error: { code: -32_603 } }]);
    expect(read(text('[2, 5, "'))).toMatchObject([{ kind: 'fault', id: 5 }]);
  });
  it('that sends a number which would be rounded hears so under its id', () => {
    expect(read(text('[0, 5, ["a", [12345678901234567890], {}]]'))).toMatchObject([
      { kind: 'bad', id: 5, error: { message: expect.stringContaining('12345678901234567890') } },
    ]);
    expect(read(text('[1, 5, 12345678901234567890]'))).toMatchObject([{ kind: 'fault', id: 5 }]);
  });
  it('that announces four gigabytes is refused before they are kept', () => {
    const framing = length('text', 1_000_000);
    framing.push(Buffer.from(text('[1, 1, 2]'), 'hex'), () => {});
    expect(() => framing.push(Buffer.from('ffffffff5b', 'hex'), () => {})).toThrow(ProtocolError);
    expect(framing.held).toBe(0);
  });
  it('that sends a traceback of a megabyte is read at once, and most of it is not kept', () => {
    for (const filler of [' \n', 'Traceback (most recent call last):\n', 'A.', '\n', ' ']) {
      const traceback = filler.repeat(1_000_000 / filler.length - 200);
      const message = make();
      let fault: Message | undefined;
      message.decode(JSON.stringify([2, 1, `${traceback}ValueError: x`]), (given) => (fault = given), false);
      expect(fault?.kind).toBe('fault');
      const { data } = (fault as { error: { data?: { stack?: string } } }).error;
      expect(data?.stack?.length ?? 0).toBeLessThan(20_000);
    }
  });
});

describe('a value that Python does not have', () => {
  it.each<[string, unknown]>([
    ['a Date', new Date(0)],
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a Float64Array', Float64Array.of(1)],
    ['a BigInt of 65 bits', 2n ** 64n],
  ])('is not sent in MessagePack: %s', (_name, value) =>
    expect(() => hexOf({ kind: 'reply', id: 1, value: { inside: [value] } }, 'aiomas?values=msgpack')).toThrow(
      /cannot be sent to aiomas$/,
    ),
  );
  it('is not sent in JSON, if nothing would be left of it', () => {
    expect(() => hexOf({ kind: 'reply', id: 1, value: [new Map([[1, 2]])] })).toThrow(/Map/);
    expect(() => hexOf({ kind: 'reply', id: 1, value: 5n })).toThrow();
  });
});

it('has one option, with two values', () => {
  expect(() => make('aiomas?values=pickle')).toThrow(/values/);
  expect(() => make('aiomas?value=json')).toThrow(/value/);
});
