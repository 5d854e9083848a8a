import { type } from 'arktype';
import { declareMethods, incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';
import * as v from 'valibot';
import { z } from 'zod';

const named = z.object({ name: z.string(), age: z.number().optional() });

/** Schemas that do not fit their methods. Each comment is the error of the compilers for the line below it. */
export class Wrong extends RemoteAPI {
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ args: named }) args1(_sender: Sender, _args: { name: number }): void {}
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ args: v.object({ name: v.string() }) }) args2(_sender: Sender, _args: { name: number }): void {}
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ args: type({ name: 'string' }) }) args3(_sender: Sender, _args: { name: number }): void {}
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ args: named }) args4(_sender: Sender, _args: { name?: string }): void {}
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ args: named }) args5(_sender: Sender, _args: { nick: string }): void {}
  // error: args: at \"name\" the output of the schema is not assignable to the type of the method
  @incoming({ args: z.object({ name: z.string().transform(Number) }) }) args6(_sender: Sender, _args: { name: string }): void {}
  // error: args: at \"nick\" the output of the schema is not assignable to the type of the method
  @incoming({ args: z.object({ name: z.string() }) }) args7(_sender: Sender, _args: { name: string; nick: string }): void {}
  // error: args: at \"name\" the output of the schema is not assignable to the type of the method
  @incoming({ args: z.object({ name: z.unknown() }) }) args8(_sender: Sender, _args: { name: string }): void {}
  // error: args: the type of the method is not assignable to the input of the schema
  @incoming({ args: z.string() }) args9(_sender: Sender, _args: { name: string }): void {}
  // error: args is one schema, of the one object
  @incoming({ args: [named, named] }) args10(_sender: Sender, _args: { name: string }): void {}
  // error: args: the method has no argument
  @incoming({ args: named }) args11(_sender: Sender): void {}

  // error: args[1]: the type of the method is not assignable to the input of the schema
  @outgoing({ params: ['a', 'b'], args: [z.number(), z.number()] }) list1(_receivers: Receivers, _a: number, _b: string): void {}
  // error: args[1]: the type of the method is not assignable to the input of the schema
  @outgoing({ params: ['a', 'b'], args: [z.number(), z.number()] }) list2(_receivers: Receivers, _a: number, _b?: number): void {}
  // error: args[0]: the output of the schema is not assignable to the type of the method
  @outgoing({ params: ['a'], args: [z.coerce.number()] }) list3(_receivers: Receivers, _a: string): void {}
  // error: args: there are more schemas than values
  @outgoing({ params: ['a'], args: [z.number(), z.number()] }) list4(_receivers: Receivers, _a: number): void {}
  // error: args: at \"b\" the type of the method is not assignable to the input of the schema
  @outgoing({ params: ['a', 'b'], args: z.object({ a: z.number(), b: z.number() }) }) list5(_receivers: Receivers, _a: number, _b: string): void {}
  // error: several values need a list of schemas in args
  @outgoing({ allowPositionalArgs: true, args: z.number() }) list6(_receivers: Receivers, _a: number, _b: number): void {}
  // error: args[0]: the type of the method is not assignable to the input of the schema
  @outgoing({ allowPositionalArgs: true, args: [z.string()] }) list7(_receivers: Receivers, ..._lines: string[]): void {}
  // error: is not assignable to type
  @outgoing({ params: ['a'], args: ['number'] }) list8(_receivers: Receivers, _a: number): void {}

  // error: returns: the type of the method is not assignable to the input of the schema
  @incoming({ hasReply: true, returns: z.string() }) returns1(_sender: Sender): Reply<number> {}
  // error: returns: at \"name\" the type of the method is not assignable to the input of the schema
  @incoming({ hasReply: true, returns: v.object({ name: v.string() }) }) returns2(_sender: Sender): Reply<{ name: number }> {}
  // error: returns: the output of the schema is not assignable to the type of the method
  @incoming({ hasReply: true, returns: type('string.numeric.parse') }) returns3(_sender: Sender): Reply<string> {}
  // error: returns is for requests, with hasReply: true
  @incoming({ returns: z.string() }) returns4(_sender: Sender): void {}
  // error: items: the type of the method is not assignable to the input of the schema
  @incoming({ stream: true, items: z.string() }) items1(_sender: Sender): Stream<number> {}
  // error: items is for streams, with stream: true
  @incoming({ hasReply: true, items: z.string() }) items2(_sender: Sender): Reply<string> {}
  // error: progress: the type of the method is not assignable to the input of the schema
  @incoming({ hasReply: true, progress: z.string() }) progress1(_sender: Sender): Reply<string, number> {}
  // error: a notification has no progress
  @incoming({ progress: z.string() }) progress2(_sender: Sender): void {}
}

class Plain extends RemoteAPI {
  tell(_sender: Sender, _args: { name: number }): void {}
  ask(_receivers: Receivers, _x: number): Reply<number> {}
}
declareMethods(Plain, {
  // error: args: at \"name\" the type of the method is not assignable to the input of the schema
  tell: incoming({ args: named }),
  // error: returns: the type of the method is not assignable to the input of the schema
  ask: outgoing({ hasReply: true, params: ['x'], returns: z.string() }),
});
