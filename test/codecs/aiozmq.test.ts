import { describe, expect, it } from 'vitest';
import aiozmq, { Extension } from '../../codecs/aiozmq.js';
import { bindArguments } from '../../src/calls/arguments.js';
import { parseAddress } from '../../src/contract/address.js';
import type { Message, Outbound } from '../../src/contract/contract.js';
import { ProtocolError } from '../../src/contract/errors.js';
import { testCodec } from '../../src/testing/codec.js';

const make = (url = 'aiozmq') => aiozmq(parseAddress(url));
const noOtherId = 'a header has an id of 32 bits';
const noFault = 'an error of Python has a name and arguments, and no code';

testCodec(
  { describe, it },
  {
    name: 'aiozmq',
    make,
    values: [
      ...[Uint8Array.of(0, 1, 255), new Uint8Array(100_001).fill(7), Number.NaN, Number.POSITIVE_INFINITY],
      ...[
        new Date(0),
        new Date('2020-02-29T10:20:30.456Z'),
        new Date('0001-01-01'),
        new Date('9999-12-31T23:59:59.999Z'),
      ],
      ...[{ at: [new Date(1)] }, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n],
      // What `msgpack` reads as values of its own, and msgpackr as a record.
      ...[0, 0x42, 0x4d, 0x53, 0x72, 0x74, 122].map((type) => new Extension(type, Uint8Array.of(1))),
    ],
    deep: [0x91, 0x81].map((open) => Uint8Array.of(0, 17, ...new Uint8Array(17), open)),
    gaps: {
      'carries ids that are texts': noOtherId,
      'carries a call and a reply with the id null': noOtherId,
      'carries a fault with the id null': noOtherId,
      'carries ids that are numbers': noFault,
      'encodes further messages after a failure': noFault,
      'carries faults': noFault,
      'carries faults with data': noFault,
    },
  },
);

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (message: Outbound, url?: string): string =>
  Buffer.from(make(url).encode(message) as Uint8Array).toString('hex');

function read(hex: string): Message[] {
  const given: Message[] = [];
  make().decode(bytes(hex), (message) => given.push(message), false);
  return given;
}

const REQUEST = '01102945742902000000966c7ced0ec0da41';
const REPLY = '011119456ced0200000066727ced0ec0da41';

describe('frames of aiozmq 1.0, as its sockets have sent them,', () => {
  it.each<[string, object]>([
    [
      `${REQUEST}01096d617468732e61646401029102000481a16228`,
      { kind: 'call', id: 2, method: 'maths.add', args: [2], keywords: { b: 40 }, named: false },
    ],
    [`${REPLY}00${'00012a'}`, { kind: 'reply', id: 2, value: 42 }],
    [
      `${REPLY}01003b93bd61696f7a6d712e7270632e626173652e4e6f74466f756e644572726f7291a46e6f7065b54e6f74466f756e644572726f7228276e6f70652729`,
      { kind: 'fault', id: 2, error: { code: -32_601, message: 'nope' } },
    ],
  ])('are read: %s', (hex, message) => expect(read(hex)).toEqual([expect.objectContaining(message)]));

  it('are written, except the names of the process and the time', () => {
    const bare = (hex: string): string => `${hex.slice(0, 4)}${hex.slice(12, 20)}${hex.slice(36)}`;
    const call = { kind: 'call', method: 'echo', named: false, batch: undefined } as const;
    expect(bare(hexOf({ ...call, id: 4, args: [Uint8Array.of(0, 255)] }))).toBe(
      bare('011029457429040000003b7e7ced0ec0da4101046563686f010591c40200ff000180'),
    );
    expect(bare(hexOf({ kind: 'reply', id: 2, value: 42 }))).toBe(bare(`${REPLY}0000012a`));
  });
});

describe('a frame that is no message', () => {
  it.each(['', '00', '0110', `0110${'00'.repeat(16)}0001c1`, '01'.repeat(40), `0111${'00'.repeat(17)}0001`])(
    'is refused: %j',
    (hex) => expect(() => read(hex)).toThrow(/^this is no message of aiozmq: /),
  );
  it('is refused under its id if that can be read', () => {
    expect(read(`${REQUEST}010161010190000190`)).toMatchObject([{ kind: 'bad', id: 2, error: { code: -32_600 } }]);
    expect(read(`${REPLY}00000191`)).toMatchObject([{ kind: 'fault', id: 2, error: { code: -32_603 } }]);
  });
  it('is refused under its id if a value is the byte that MessagePack never uses', () => {
    const error = { code: -32_600, message: expect.stringMatching(/the byte c1 does not begin a value$/) };
    expect(read(`${REQUEST}010161010291c1000180`)).toMatchObject([{ kind: 'bad', id: 2, error }]);
    const fault = { code: -32_603, message: expect.stringMatching(/the byte c1 does not begin a value$/) };
    expect(read(`${REPLY}000001c1`)).toMatchObject([{ kind: 'fault', id: 2, error: fault }]);
  });
  it('says so if an error has no text', () => {
    const message = 'the peer has reported an error without a text';
    expect(read(`${REPLY}01000105`)).toMatchObject([
      { kind: 'fault', id: 2, error: { code: -32_000, message, data: { name: 'Error' } } },
    ]);
  });
  it('without an id is refused as a whole', () => expect(() => read('0100010161010190000190')).toThrow(ProtocolError));
  it('is ignored if it answers a notification', () => {
    expect(read('011119456ced0000000066727ced0ec0da410000012a')).toEqual([]);
    const note = { kind: 'call', id: undefined, method: 'say', args: [], named: false, batch: undefined } as const;
    expect(hexOf(note).slice(4, 20)).toBe('0'.repeat(16));
  });
  it.each([-1, 2 ** 32, 1.5, 'a', null])('is not written for the id %j', (id) =>
    expect(() => hexOf({ kind: 'reply', id, value: 1 })).toThrow(/aiozmq numbers calls from 0 to 4294967295/),
  );
});

describe('dates and times of Python', () => {
  // pickle.dumps(datetime.datetime(2020, 2, 29, 10, 20, 30, 456789, tzinfo=datetime.timezone.utc), protocol=5)
  const utc =
    '80059557000000000000008c086461746574696d65948c086461746574696d65949394430a07e4021d0a141e06f8559468008c0874696d657a6f6e65' +
    '94939468008c0974696d6564656c74619493944b004b004b008794529485945294869452942e';
  const local =
    '8005952a000000000000008c086461746574696d65948c086461746574696d65949394430a07e4021d0a141e06f54094859452942e';
  const value = (type: number, pickle: string): unknown => {
    const body = Buffer.concat([Uint8Array.of(0xc7, pickle.length / 2, type), bytes(pickle)]).toString('hex');
    const [message] = read(`${REPLY}0000${(body.length / 2).toString(16)}${body}`);
    return message?.kind === 'reply' ? message.value : message;
  };
  it('are a Date in UTC, to the millisecond', () => {
    expect(value(126, utc)).toEqual(new Date('2020-02-29T10:20:30.456Z'));
    expect(value(126, utc.replace('8005', '8004'))).toEqual(new Date('2020-02-29T10:20:30.456Z'));
  });
  it('stay bytes without the time zone UTC', () => expect(value(126, local)).toEqual(new Extension(126, bytes(local))));
  it('stay bytes if any other byte differs', () => {
    const fields = utc.indexOf('07e4') / 2;
    const count = utc.length / 2;
    for (let at = 0; at < count; at++) {
      const isField = at >= fields && at < fields + 10;
      const changed = Buffer.from(utc, 'hex');
      changed[at] = changed[at]! ^ 0x40;
      const read = value(126, changed.toString('hex'));
      expect(read instanceof Date, `byte ${at}`).toBe(isField);
    }
    expect(value(127, utc)).toBeInstanceOf(Extension);
  });
  it.each([123, 124, 125, 126, 127])('are not sent as bytes of the type %i, unless an option says so', (type) => {
    const message = { kind: 'reply', id: 1, value: new Extension(type, bytes(local)) } as const;
    expect(() => hexOf(message)).toThrow(/a pickle, which the peer executes; .*"aiozmq\?pickles=on"$/);
    expect(hexOf(message, 'aiozmq?pickles=on')).toContain(local);
  });
  it.each([new Date(Number.NaN), new Date('0000-12-31'), new Date('+010000-01-01')])('cannot be %s', (date) =>
    expect(() => hexOf({ kind: 'reply', id: 1, value: date })).toThrow(/Python has no such date/),
  );
});

describe('what testCodec cannot test with errors of Python', () => {
  it.each([1, 255, 65_536, 2 ** 31, 2 ** 32 - 1])('arrives with the id %i', (id) => {
    const message = (kind: object): Message[] => read(hexOf({ id, ...kind } as Outbound));
    expect(message({ kind: 'reply', value: 1 })).toMatchObject([{ kind: 'reply', id, value: 1 }]);
    expect(message({ kind: 'fault', error: { code: -32_601, message: 'no' } })).toMatchObject([
      { kind: 'fault', id, error: { code: -32_601, message: 'no' } },
    ]);
    expect(message({ kind: 'call', method: 'a', args: [1], named: false })).toMatchObject([{ kind: 'call', id }]);
  });
  it.each([
    [-32_602, { code: -32_602, message: 'no' }],
    [-32_000, { code: -32_000, message: 'no', data: { name: 'Exception', args: ['no'] } }],
    [-32_603, { code: -32_000, message: 'no', data: { name: 'Exception', args: ['no'] } }],
  ])('arrives with the code %i', (code, error) =>
    expect(read(hexOf({ kind: 'fault', id: 1, error: { code, message: 'no' } }))).toEqual([
      { kind: 'fault', id: 1, error },
    ]),
  );
  it('arrives with its class and arguments', () => {
    const error = { code: -32_000, message: 'no', data: { name: 'shop.Sold', args: ['hat', 2] } };
    const hex = hexOf({ kind: 'fault', id: 1, error });
    expect(Buffer.from(hex, 'hex').toString('latin1')).toMatch(/shop\.Sold.*hat.*Sold\("no"\)$/s);
    expect(read(hex)).toEqual([{ kind: 'fault', id: 1, error: { ...error, message: 'hat' } }]);
  });
});

describe('a value that Python does not have', () => {
  it.each<[string, unknown]>([
    ['a Map', new Map([[1, 2]])],
    ['a Set', new Set([1])],
    ['a Float64Array', Float64Array.of(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a BigInt of 65 bits', 2n ** 64n],
  ])('is not sent: %s', (_name, value) =>
    expect(() => hexOf({ kind: 'reply', id: 1, value: { inside: [value] } })).toThrow(/cannot be sent to aiozmq$/),
  );
  it('does not include a small BigInt, which is a number', () => {
    expect(hexOf({ kind: 'reply', id: 1, value: 5n })).toMatch(/0009d30000000000000005$/);
  });
  it('does not include a Date in an object of a class', () => {
    class Event {
      at = new Date(0);
    }
    const given: Message[] = [];
    const codec = make();
    codec.decode(codec.encode({ kind: 'reply', id: 1, value: new Event() }), (message) => given.push(message), false);
    expect(given).toEqual([{ kind: 'reply', id: 1, value: { at: new Date(0) } }]);
  });
});

it('refuses arguments by position and by name for a method without names of arguments', () => {
  const method = { path: 'say', params: undefined, positional: true, arity: 2 } as never;
  const call = {
    kind: 'call',
    id: 1,
    method: 'say',
    args: [1],
    named: false,
    keywords: { b: 2 },
    batch: undefined,
  } as const;
  expect(() => bindArguments(method, call)).toThrow(/^say takes its arguments either by position or by name$/);
});
