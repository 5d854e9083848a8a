import {
  incoming,
  issuesOf,
  outgoing,
  type Receivers,
  RemoteAPI,
  RemoteError,
  type Reply,
  type Sender,
  UsageError,
  ValidationError,
} from 'obverse';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { libraries } from './schemas.js';
import { talk, ways } from './sides.js';

interface Person {
  name: string;
  age?: number;
  pets?: { kind: string }[];
}

/** The same methods in both directions, checked by one of the libraries. */
function specOf({ person, short, positive }: (typeof libraries)[keyof typeof libraries]) {
  // The tests of types check whether they fit the methods.
  const object = { args: person, hasReply: true } as { hasReply: true };
  const values = { args: [short, positive], returns: short } as object;
  class Register extends RemoteAPI {
    @incoming(object) enter(_sender: Sender, _args: Person): Reply<Person> {}
    @outgoing(object) called(_receivers: Receivers, _args: Person): Reply<Person> {}
    @incoming({ ...values, hasReply: true, params: ['text', 'times'] })
    say(_sender: Sender, _text: string, _times?: number): Reply<string> {}
    @outgoing({ ...values, hasReply: true, allowPositionalArgs: true })
    said(_receivers: Receivers, _text: string, _times?: number): Reply<string> {}
  }
  return Register;
}

const each = Object.entries(libraries).flatMap(([name, library]) =>
  ways.map((way) => [name, ...way, specOf(library)] as const),
);

describe.each(each)('%s over %s with %s', (_library, transport, codec, Register) => {
  it('passes the output of the schemas to the handlers, in either direction', async () => {
    await using sides = await talk(Register, [transport, codec]);
    const seen: unknown[] = [];
    sides.here.enter.connect((_sender, person) => {
      seen.push(person);
      return person;
    });
    sides.there.called.connect((_sender, person) => {
      seen.push(person);
      return person;
    });
    sides.here.say.connect((_sender, text, times) => text.repeat(times ?? 0));
    sides.there.said.connect((_sender, text, times) => text.repeat(times ?? 0));
    const ann = { name: 'ann', age: 18, pets: [] };
    expect(await sides.there.remote.enter({ name: ' ann ' })).toEqual(ann);
    expect(await sides.here.remote.called({ name: ' ann ' })).toEqual(ann);
    expect(seen).toEqual([ann, ann]);
    expect(await sides.there.remote.say('ab', 2)).toBe('abab');
    expect(await sides.there.remote.say('ab')).toBe('ab');
    expect(await sides.here.remote.said('ab', 2)).toBe('abab');
    expect(await sides.here.remote.said('ab')).toBe('ab');
  });

  it('refuses arguments with −32602 and the path, and calls no handler', async () => {
    await using sides = await talk(Register, [transport, codec]);
    let calls = 0;
    sides.here.enter.connect((_sender, person) => {
      calls++;
      return person;
    });
    sides.there.said.connect((_sender, text) => {
      calls++;
      return text;
    });
    const wrong = { name: 'ann', pets: [{ kind: 'dog' }, { kind: 'cow' }] };
    const refused = await sides.there.remote.enter(wrong).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RemoteError);
    expect(refused).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^enter: pets.1.kind.*cat/) as string,
      data: { issues: [{ path: ['pets', 1, 'kind'], message: expect.any(String) as string }] },
    });
    expect(issuesOf(refused)).toEqual((refused as { data: { issues: unknown } }).data.issues);
    const many = await sides.here.remote.said('too long', -1).catch((error: unknown) => error);
    expect(issuesOf(many)?.map(({ path }) => path)).toEqual([[0], [1]]);
    expect(calls).toBe(0);
  });

  it('rejects the call of a caller whose result does not fit', async () => {
    await using sides = await talk(Register, [transport, codec]);
    sides.here.say.connect(() => 'rather long');
    sides.there.said.connect(async () => 5 as unknown as string);
    const here = await sides.there.remote.say('x').catch((error: unknown) => error);
    expect(here).toBeInstanceOf(ValidationError);
    expect(here).toMatchObject({ code: -32603, message: expect.stringMatching(/^the result of say: /) as string });
    const there = await sides.here.remote.said('x').catch((error: unknown) => error);
    expect(there).toBeInstanceOf(ValidationError);
    expect(issuesOf(there)).toHaveLength(1);
  });
});

describe('validate', () => {
  const log: string[] = [];
  class Shop extends RemoteAPI {
    @incoming({ args: z.object({ what: z.string().transform((what) => `${what}!`) }) })
    told(_sender: Sender, _args: { what: string }): void {}
    @incoming({
      hasReply: true,
      args: z.object({ what: z.string().min(2) }),
      returns: z.number().transform((n) => n + 1),
    })
    price(_sender: Sender, _args: { what: string }): Reply<number> {
      log.push('body');
    }
  }
  const wrong = { what: 5 as unknown as string };

  it('checks incoming values by default', async () => {
    await using sides = await talk(Shop);
    const told: string[] = [];
    log.length = 0;
    sides.here.told.connect((_sender, { what }) => told.push(what));
    sides.here.price.connect((_sender, { what }) => what.length);
    sides.there.remote.told(wrong);
    sides.there.remote.told({ what: 'x' });
    expect(await sides.there.remote.price({ what: 'tea' })).toBe(4);
    expect(told).toEqual(['x!']);
    expect(sides.troubles).toMatchObject([{ code: -32602, data: { issues: [{ path: ['what'] }] } }]);
    await expect(sides.there.remote.price({ what: '' })).rejects.toMatchObject({ code: -32602 });
    // The body runs within the check.
    expect(log.splice(0)).toEqual(['body']);
  });

  it('both: refuses arguments before they are sent, and discards the output of the schemas', async () => {
    await using sides = await talk(Shop, ways[0], {}, { validate: 'both' });
    const told: string[] = [];
    log.length = 0;
    sides.here.told.connect((_sender, { what }) => told.push(what));
    sides.here.price.connect((_sender, { what }) => what.length);
    let thrown: unknown;
    try {
      sides.there.remote.told(wrong);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as Error).message).toMatch(/^told: what: /);
    expect(issuesOf(thrown)).toEqual([{ path: ['what'], message: expect.any(String) as string }]);
    const rejected = await sides.there.remote.price(wrong).catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(UsageError);
    expect(sides.troubles).toEqual([]);
    expect(log).toEqual([]);
    sides.there.remote.told({ what: 'x' });
    expect(await sides.there.remote.price({ what: 'tea' })).toBe(4);
    expect(told).toEqual(['x!']);
  });

  it('both: an invalid result is reported where it is made, and as an error to its caller', async () => {
    await using sides = await talk(Shop, ways[0], { validate: 'both' }, { validate: 'off' });
    let answer: unknown = 'many';
    sides.here.price.connect(() => answer as number);
    const refused = await sides.there.remote.price({ what: 'tea' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: 'RemoteError',
      code: -32603,
      message: 'price: a value that it returned does not fit its schema',
      data: undefined,
    });
    expect(sides.troubles[0]).toBeInstanceOf(ValidationError);
    expect((sides.troubles[0] as Error).message).toMatch(/^the result of price: /);
    answer = Promise.resolve(3);
    expect(await sides.there.remote.price({ what: 'tea' })).toBe(3);
  });

  it('off: checks nothing', async () => {
    await using sides = await talk(Shop, ways[0], { validate: 'off' });
    const told: unknown[] = [];
    sides.here.told.connect((_sender, args) => told.push(args));
    sides.here.price.connect(() => 'many' as unknown as number);
    sides.there.remote.told(wrong);
    expect(await sides.there.remote.price({ what: '' })).toBe('many');
    expect(told).toEqual([wrong]);
  });

  it('accepts no other value', () => {
    expect(() => Shop.create({ validate: true as unknown as 'both' })).toThrow(
      'the option "validate" must be "incoming", "both" or "off"',
    );
  });
});
