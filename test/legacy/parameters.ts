/**
 * Methods with parameter types from the compiler, with `emitDecoratorMetadata`. It prints the outcome of each call: what the
 * handler received, or why the call was refused.
 */
import { incoming, RemoteAPI, type Reply, type RpcError, type Sender, serializable, standardTypes } from 'obverse';

@serializable({ id: 'money' })
class Money {
  constructor(readonly amount: number) {}
}
class Plain {
  constructor(readonly text: string) {}
}
interface Shape {
  readonly x: number;
}
type Request = { hasReply: true; params: ['x'] };
const named: Request = { hasReply: true, params: ['x'] };

class Spec extends RemoteAPI {
  @incoming(named) text(_sender: Sender, _x: string): Reply<unknown> {}
  @incoming(named) number(_sender: Sender, _x?: number): Reply<unknown> {}
  @incoming(named) flag(_sender: Sender, _x?: boolean): Reply<unknown> {}
  @incoming(named) big(_sender: Sender, _x: bigint): Reply<unknown> {}
  @incoming(named) list(_sender: Sender, _x: string[]): Reply<unknown> {}
  @incoming(named) date(_sender: Sender, _x: Date): Reply<unknown> {}
  @incoming(named) bytes(_sender: Sender, _x: Uint8Array): Reply<unknown> {}
  @incoming(named) money(_sender: Sender, _x: Money): Reply<unknown> {}
  @incoming(named) plain(_sender: Sender, _x: Plain): Reply<unknown> {}
  @incoming(named) shape(_sender: Sender, _x: Shape): Reply<unknown> {}
  @incoming(named) union(_sender: Sender, _x: string | number): Reply<unknown> {}
  @incoming(named) anything(_sender: Sender, _x: unknown): Reply<unknown> {}
  @incoming({ hasReply: true, allowPositionalArgs: true })
  rest(_sender: Sender, _first: number, ..._x: string[]): Reply<unknown> {}
  /** The fields of one object are not parameters. */
  @incoming({ hasReply: true }) object(_sender: Sender, _args: Plain): Reply<unknown> {}
}

const cases: Record<string, unknown[][]> = {
  text: [['a'], [5], [null], [undefined], [{ length: 1 }]],
  number: [[5], ['5'], [undefined]],
  flag: [[false], [0], [undefined]],
  big: [[5n], [5]],
  list: [[['a']], [{ 0: 'a' }]],
  date: [[new Date(0)], ['1970-01-01T00:00:00.000Z']],
  bytes: [[new Uint8Array([1])], [[1]]],
  money: [[new Money(5)], [{ amount: 5 }]],
  plain: [[{ text: 'a' }], ['a']],
  shape: [[{ x: 1 }], ['a']],
  union: [['a'], [true]],
  anything: [[null], ['a']],
  rest: [[1], [1, 'a', 'b'], [1, 'a', 5], ['1']],
  object: [[{ text: 'a' }], [{ other: 1 }]],
};

const options = { types: [standardTypes, Money], codec: process.argv[2] ?? 'jrpc' };
const results: Record<string, string[]> = {};
{
  await using here = await Spec.serve('memory:parameters', options);
  await using there = await Spec.invert().connect('memory:parameters', options);
  const { remote } = there as unknown as { remote: Record<string, (...args: unknown[]) => Promise<unknown>> };
  for (const [name, calls] of Object.entries(cases)) {
    const port = (here as unknown as Record<string, { connect(handler: (...args: unknown[]) => unknown): void }>)[name];
    port?.connect((_sender, ...args) => `reached with ${args.length}`);
    results[name] = [];
    for (const args of calls) {
      const given = remote[name]?.(...args) ?? Promise.reject(new Error(name));
      const outcome = given.catch(({ code, message }: RpcError) => (code === -32602 ? message : `${code} ${message}`));
      results[name].push(String(await outcome));
    }
  }
}
console.log(JSON.stringify(results));
