import { declareMethods, incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

class Plain extends RemoteAPI {
  tell(_sender: Sender, _args: { x: number }): void {}
  ask(_sender: Sender): Reply<number> {}
  add(_receivers: Receivers, _x: number): void {}
  close(_receivers: Receivers): void {}
  bare(): void {}
  helper(_sender: Sender): number {
    return 1;
  }
}
declareMethods(Plain, {
  // error: Type '"outgoing"' is not assignable to type '"incoming"'
  tell: outgoing,
  // error: Type '"incoming"' is not assignable to type '"incoming({ hasReply: true })"'
  ask: incoming,
  // error: Type '"neither params nor allowPositionalArgs"' is not assignable to type '"params or allowPositionalArgs"'
  add: outgoing,
  // error: every side has a member \"close\"; rename the method, and keep this name on the wire with name: 'close'
  close: outgoing,
  // error: the first parameter must be Sender (@incoming) or Receivers (@outgoing)
  bare: incoming,
  // error: the return type must be void, Reply<T> or Stream<T>
  helper: incoming,
});
declareMethods(Plain, {
  // error: Type '"incoming({ hasReply: true })"' is not assignable to type '"incoming"'
  tell: incoming({ hasReply: true }),
  // error: Type '"incoming({ stream: true })"' is not assignable to type '"incoming({ hasReply: true })"'
  ask: incoming({ stream: true }),
  // error: Type 'string' is not assignable to type 'Written<"outgoing", "params or allowPositionalArgs", 
  add: 'outgoing',
});
// error: 'leave' does not exist in type 'Declarable<Plain>'
declareMethods(Plain, { leave: incoming });
