import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

const key = Symbol('key');

/** Decorators that do not fit their methods. Each comment is the error of the compilers for the line below it. */
export class Wrong extends RemoteAPI {
  // error: the first parameter of an @incoming method is its Sender
  @incoming direction1(_receivers: Receivers): void {}
  // error: the first parameter of an @outgoing method is its Receivers
  @outgoing({ hasReply: true }) direction2(_sender: Sender): Reply<1> {}

  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @incoming first1(_args: { a: 1 }): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @incoming first2(): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @outgoing first3(): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @incoming first4(_sender: any): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @outgoing first5(_receivers: unknown): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @outgoing first6(_receivers: string | null): void {}
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  @incoming first7(_sender?: Sender): void {}

  // error: this request is declared as a notification: set hasReply: true for Reply<T>, stream: true for Stream<T>, neither for void
  @incoming kind1(_sender: Sender): Reply<number> {}
  // error: this notification is declared as a request: set hasReply: true for Reply<T>, stream: true for Stream<T>, neither for void
  @incoming({ hasReply: true }) kind2(_sender: Sender): void {}
  // error: this stream is declared as a notification: set hasReply: true for Reply<T>, stream: true for Stream<T>, neither for void
  @outgoing kind3(_receivers: Receivers): Stream<number> {}
  // error: this stream is declared as a request: set hasReply: true for Reply<T>, stream: true for Stream<T>, neither for void
  @outgoing({ hasReply: true }) kind4(_receivers: Receivers): Stream<number> {}

  // error: the return type must be void, Reply<T> or Stream<T>
  @incoming({ hasReply: true }) result1(_sender: Sender): Promise<number> {
    return Promise.resolve(1);
  }
  // error: the return type must be void, Reply<T> or Stream<T>
  @incoming async result2(_sender: Sender): Promise<void> {}
  // error: the return type must be void, Reply<T> or Stream<T>
  @incoming result3(_sender: Sender): any {}
  // error: the return type must be void, Reply<T> or Stream<T>
  @incoming({ hasReply: true }) result4(_sender: Sender): Reply<number> | number {}
  @incoming({ hasReply: true }) result5(_sender: Sender): Reply<number> {
    // error: Type 'number' is not assignable to type 'Reply<number>'
    return 5;
  }

  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args1(_receivers: Receivers, _a: { x: 1 }, _b: { y: 1 }): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args2(_receivers: Receivers, _a: number): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args3(_receivers: Receivers, ..._rest: { x: 1 }[]): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args4(_receivers: Receivers, _list: { x: 1 }[]): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args5(_receivers: Receivers, _a?: string): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args6(_receivers: Receivers, _a: unknown): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args7(_receivers: Receivers, _a: any): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @outgoing args8(_receivers: Receivers, _a: { x: 1 } | string): void {}

  // error: 'hasreply' does not exist in type 'MethodOptions'. Did you mean to write 'hasReply'?
  @incoming({ hasreply: true }) option1(_sender: Sender): void {}
  // error: Type 'string' is not assignable to type 'number'
  @incoming({ timeout: '5s' }) option2(_sender: Sender): void {}
  // error: Type 'string' is not assignable to type 'readonly string[]'
  @incoming({ params: 'a' }) option3(_sender: Sender, _a: number): void {}
  // error: decorators have no option \"timeot\"
  @incoming({ hasReply: true, timeot: 5 }) option4(_sender: Sender): Reply<number> {}
  // error: 'nonsense' does not exist in type
  @incoming({ nonsense: true }) option5(_sender: Sender): void {}
  // error: decorators have no option \"summery\"
  @outgoing({ stream: true, summery: 'all' }) option6(_receivers: Receivers): Stream<number> {}
  // error: Type 'string' is not assignable to type 'boolean'
  @incoming({ hasReply: true, idempotent: 'yes' }) option7(_sender: Sender): Reply<number> {}
  // error: Type 'string' is not assignable to type 'number'
  @outgoing({ params: ['a', 'b'], timeout: '5' }) option8(_receivers: Receivers, _a: number, _b: number): void {}
  // error: Did you mean to write 'timeout'?
  @outgoing({ stream: true, defaults: { timeot: 5 } }) option9(_receivers: Receivers): Stream<number> {}
  // error: only a request can be idempotent: it needs hasReply: true
  @incoming({ stream: true, idempotent: true }) option10(_sender: Sender): Stream<number> {}
  // error: only a request can be idempotent: it needs hasReply: true
  @outgoing({ idempotent: true }) option11(_receivers: Receivers): void {}
  // error: only a request can be idempotent: it needs hasReply: true
  @outgoing({ defaults: { timeout: 5, idempotent: true } }) option12(_receivers: Receivers): void {}

  // error: every side has a member \"close\"; rename the method, and keep this name on the wire with name: 'close'
  @outgoing close(_receivers: Receivers): void {}
  // error: every side has a member \"remote\"
  @incoming({ hasReply: true }) remote(_sender: Sender): Reply<number> {}
  // error: every side has a member \"then\"
  @incoming then(_sender: Sender): void {}
  // error: every side has a member \"toString\"
  @incoming toString(_sender: Sender): void {}
  // error: a symbol has no name on the wire
  @incoming [key](_sender: Sender): void {}

  // error: Unable to resolve signature of property decorator
  @incoming field = 5;
  // error (standard): Type 'true' is not assignable to type 'false'
  @incoming static fixed(_sender: Sender): void {}
  // error (standard): Type '"getter"' is not assignable to type '"method"'
  // error (legacy): Type 'number' is not assignable to type 'Method'
  @incoming get got(): number {
    return 1;
  }
  // error (standard): Type '"setter"' is not assignable to type '"method"'
  // error (legacy): Type 'number' is not assignable to type 'Method'
  @incoming set given(_value: number) {}
  // error (standard): Type 'true' is not assignable to type 'false'
  // error (legacy): Decorators are not valid here
  @incoming #hidden(_sender: Sender): void {}

  // error: A decorator can only decorate a method implementation, not an overload
  @incoming overloaded(_sender: Sender, _args: { a: 1 }): void;
  overloaded(_sender: Sender, _args: { b: 1 }): void;
  overloaded(_sender: Sender, _args: object): void {}
}

// error: Unable to resolve signature of class decorator
@incoming
export class Marked extends RemoteAPI {}

/** A type parameter of a class counts, too. */
export abstract class Generic<
  T,
  U extends string,
  L extends readonly { x: 1 }[],
  M extends { x: 1 } | string,
  A extends any,
  B extends { x: 1 } | { y: 1 },
> extends RemoteAPI {
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic1(_sender: Sender, _args: T): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic2(_sender: Sender, _args: U): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic3(_sender: Sender, _args: L): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic4(_sender: Sender, _args: M): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic5(_sender: Sender, _args: A): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic6(_sender: Sender, _args: B[]): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic7(_sender: Sender, _args: keyof B): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic8(_sender: Sender, _args: B | string): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic9(_sender: Sender, _args: any): void {}
  // error: several values, or one that is not an object, need params: [names] or allowPositionalArgs: true
  @incoming generic10(_sender: Sender, _args: B, _more: number): void {}
  @incoming object(_sender: Sender, _args: B): void {}
}
