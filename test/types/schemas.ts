import { type } from 'arktype';
import {
  declareMethods,
  incoming,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Stream,
} from 'obverse';
import * as v from 'valibot';
import { z } from 'zod';

interface Person {
  name: string;
  age?: number;
}
const inZod = z.object({ name: z.string(), age: z.number().default(18) });
const inValibot = v.object({ name: v.string(), age: v.optional(v.number(), 18) });
const inArktype = type({ name: 'string', age: 'number = 18' });

/** Schemas that fit their methods. */
export class Fitting extends RemoteAPI {
  @incoming({ args: inZod }) a1(_sender: Sender, _args: Person): void {}
  @incoming({ args: inValibot }) a2(_sender: Sender, _args: Person): void {}
  @incoming({ args: inArktype }) a3(_sender: Sender, _args: Person): void {}
  @incoming({ args: z.object({ name: z.string() }) }) a4(_sender: Sender, _args: { name: string }): void {}
  @incoming({ args: v.object({ name: v.pipe(v.string(), v.trim(), v.maxLength(9)) }) })
  a5(_sender: Sender, _args: { name: string }): void {}
  @incoming({ args: type({ name: 'string.trim' }) }) a6(_sender: Sender, _args: { name: string }): void {}
  @incoming({ args: [z.object({ name: z.string() })] }) a7(_sender: Sender, _args: { name: string }): void {}
  @incoming({ args: z.object({ n: z.number().optional() }) }) a8(
    _sender: Sender,
    _args?: { n?: number | undefined },
  ): void {}

  @outgoing({ params: ['a', 'b'], args: [z.number(), z.number().optional()] })
  b1(_receivers: Receivers, _a: number, _b?: number): void {}
  @outgoing({ params: ['a', 'b'], args: [undefined, v.optional(v.number(), 1)] })
  b2(_receivers: Receivers, _a: Date, _b = 1): void {}
  @outgoing({
    params: ['a', 'b'],
    args: z.object({ a: z.number(), b: z.number().optional() }).refine(({ a }) => a > 0),
  })
  b3(_receivers: Receivers, _a: number, _b?: number): void {}
  @outgoing({ params: ['a', 'b'], args: type({ a: 'number', 'b?': 'number' }) })
  b4(_receivers: Receivers, _a: number, _b?: number): void {}
  @outgoing({ params: ['text'], args: [z.string()] }) b5(_receivers: Receivers, _text: string): void {}
  @outgoing({ params: ['text'], args: z.object({ text: z.string() }) }) b6(
    _receivers: Receivers,
    _text: string,
  ): void {}

  @incoming({ allowPositionalArgs: true, args: z.string() }) c1(_sender: Sender, _text: string): void {}
  @incoming({ allowPositionalArgs: true, args: [z.string(), z.number()] })
  c2(_sender: Sender, _text: string, _n: number): void {}
  @incoming({ allowPositionalArgs: true, args: [z.string().optional()] })
  c3(_sender: Sender, ..._lines: string[]): void {}
  @incoming({ allowPositionalArgs: true, args: z.object({ name: z.string() }) })
  c4(_sender: Sender, _args: { name: string }): void {}
  @incoming({ allowPositionalArgs: true, args: [type('string')] })
  c5(_sender: Sender, _text: string, _more: unknown): void {}

  @incoming({ hasReply: true, returns: z.number(), progress: z.number() }) d1(_sender: Sender): Reply<number> {}
  @incoming({ hasReply: true, returns: v.nullable(v.string()) }) d2(_sender: Sender): Reply<string | null> {}
  @incoming({ hasReply: true, returns: inArktype }) d3(_sender: Sender): Reply<Person> {}
  @incoming({ hasReply: true, progress: z.number() }) d4(_sender: Sender): Reply<string, number> {}
  @incoming({ stream: true, items: z.string() }) d5(_sender: Sender): Stream<string> {}
  @incoming({ stream: true, items: type('Date'), progress: z.number() }) d6(_sender: Sender): Stream<Date, number> {}

  @incoming({ hasReply: true, args: z.object({ key: z.string() }), returns: z.record(z.string(), z.number()) })
  e1<K extends string>(_sender: Sender, _args: { key: K }): Reply<{ [P in K]: number }> {}
  @incoming({ args: z.any() }) e2(_sender: Sender, _args: { name: string }): void {}
  // A schema without types is accepted.
  @incoming({ args: { '~standard': { version: 1, vendor: 'mine', validate: (value: unknown) => ({ value }) } } })
  e3(_sender: Sender, _args: { name: string }): void {}
}

/** Without decorators too. */
export class Declared extends RemoteAPI {
  a(_sender: Sender, _args: { name: string }): void {}
  b(_receivers: Receivers, _x: number): Reply<number> {}
}
declareMethods(Declared, {
  a: incoming({ args: z.object({ name: z.string() }) }),
  b: outgoing({ hasReply: true, params: ['x'], args: [z.number()], returns: z.number() }),
});
