import {
  declareMethods,
  type Handler,
  incoming,
  type Marker,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
  type Side,
  type Stream,
} from 'obverse';
import type { Equal, Expect } from './equal.js';

const question = incoming({ hasReply: true, timeout: 5_000 });

/** Every row of the table of valid declarations. */
export class Rows extends RemoteAPI {
  @incoming a(_sender: Sender): void {}
  @incoming() b(_sender: Sender, _args: { x?: number }): void {}
  @outgoing c(_receivers: Receivers): void {}
  @outgoing d(_receivers: Receivers, _args?: { x: number }): void {}
  @incoming({ hasReply: true }) e(_sender: Sender, _args: Date): Reply<number | undefined> {}
  @question f(_sender: Sender): Reply<void> {}
  @incoming({ stream: true }) g(_sender: Sender): Stream<number> {}
  @incoming({ params: ['x', 'y'] }) h(_sender: Sender, _x: number, _y?: string): void {}
  @outgoing({ allowPositionalArgs: true }) i(_receivers: Receivers, ..._rest: number[]): void {}
  @outgoing({ params: ['list'] }) j(_receivers: Receivers, _list: number[]): void {}
  @outgoing({ name: 'close', summary: 'Closes the door.', deprecated: true }) closeDoor(_receivers: Receivers): void {}
  @incoming k(_sender: Sender, _args: Map<string, number> | null): void {}
  @incoming l(_sender: Sender, _args: { a: 1 } | { b: 2 }): void {}
  @incoming({ hasReply: true }) m(_sender: Sender): Reply<string> | Reply<number> {}
  @incoming protected n(_sender: Sender): void {}
}

/** A method can declare its `this`, be generic and be overloaded. */
export class Special extends RemoteAPI {
  limit = 10;
  @outgoing say(this: Special, _receivers: Receivers, args: { text: string }): void {
    if (args.text.length > this.limit) throw new RangeError();
  }
  @outgoing({ hasReply: true, params: ['x'] }) id<T>(_receivers: Receivers, _x: T): Reply<T> {}
  @incoming({ hasReply: true }) get<K extends string>(
    _sender: Sender,
    _args: { key: K },
  ): Reply<{ [P in K]: number }> {}
  find(_sender: Sender, _args: { name: string }): Reply<string>;
  find(_sender: Sender, _args: { age: number }): Reply<number>;
  @incoming({ hasReply: true }) find(_sender: Sender, _args: { name?: string; age?: number }): Reply<string | number> {}
}
type Here = Side<Special>;
export type Read = [
  Expect<Equal<Parameters<Here['say']>, [receivers: Receivers, args: { text: string }]>>,
  // Type parameters become their constraints.
  Expect<Equal<Parameters<Here['id']>, [receivers: Receivers, _x: unknown]>>,
  Expect<Equal<ReturnType<Here['id']>, Promise<unknown>>>,
  Expect<Equal<Parameters<Handler<Special['get']>>, [sender: Sender, _args: { key: string }]>>,
  // Of overloads the last one counts.
  Expect<Equal<Handler<Special['find']>, (sender: Sender, _args: { age: number }) => number | Promise<number>>>,
];

/** Without decorators, each declaration is checked against its method as well. */
export class Declared extends RemoteAPI {
  a(_sender: Sender, _args: { x: number }): void {}
  b(_sender: Sender): Reply<number> {}
  c(_receivers: Receivers, _x: number): void {}
  d<T>(_receivers: Receivers, _args: { x: T }): Reply<T> {}
}
declareMethods(Declared, {
  a: incoming,
  b: question,
  c: outgoing({ params: ['x'] }),
  d: outgoing({ hasReply: true }),
});
declareMethods(Declared, {});

/** A decorator can be stored, and be passed on. */
export const notify: Marker<'outgoing'> = outgoing;
