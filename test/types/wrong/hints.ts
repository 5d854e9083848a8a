import { incoming, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Stream } from 'obverse';

class Room extends RemoteAPI {
  @incoming({ hasReply: true }) enter(_sender: Sender, _args: { name: string }): Reply<number> {}
}
class Chat extends RemoteAPI {
  readonly room = namespace(Room);
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<number, { done: number }> {}
  @incoming({ stream: true }) lines(_sender: Sender): Stream<string, number> {}
  @incoming({ hasReply: true }) plain(_sender: Sender): Reply<string> {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}

// A client without invert(), or a server with it: a method is looked for on the wrong side.
const here = Chat.create();
// error: Property 'join' does not exist on type 'Remote<Chat, "only outgoing methods; invert() swaps the sides">'
export const joined = here.remote.join({ name: 'ann' });
// error: "handled here, called on the other side; invert() swaps the sides">' has no call signatures
here.join(null, { name: 'ann' });
// error: Property 'join' does not exist on type 'View<Chat, unknown, "only outgoing methods; invert() swaps the sides">'
here.to(null).join({ name: 'ann' });
// error: Property 'join' does not exist on type 'Gather<Chat, "only outgoing methods; invert() swaps the sides">'
here.gather(null).join({ name: 'ann' });
// error: Property 'join' does not exist on type 'InDetail<Chat, "only outgoing methods; invert() swaps the sides">'
here.to(null).detailed.join({ name: 'ann' });
// error: Property 'enter' does not exist on type 'Remote<Room, "only outgoing methods; invert() swaps the sides">'
here.room.remote.enter({ name: 'ann' });
// error: "handled here, called on the other side; invert() swaps the sides">' has no call signatures
here.room.enter(null, { name: 'ann' });
// error: to method's 'this' of type '"this method is called here, and handled on the other side; invert() swaps the sides"'
here.said.connect((_sender, { text }) => text.length);
// error: 'said' does not exist in type 'Handlers<Chat, "only incoming methods; invert() swaps the sides">'
here.implement({ said() {} });

const there = Chat.invert().create();
// error: to method's 'this' of type '"this method is called here, and handled on the other side; invert() swaps the sides"'
there.join.connect((_sender, { name }) => name.length);
// error: "handled here, called on the other side; invert() swaps the sides">' has no call signatures
there.said(null, { text: 'hello' });
// error: 'join' does not exist in type 'Handlers<Reverse<Chat>, "only incoming methods; invert() swaps the sides">'
there.implement({ join: () => 1 });

// What progress is reported in.
// error: to method's 'this' of type '"onProgress must accept the progress values of this method: the second type argument of its Reply or Stream"'
there.to(null, { onProgress: (percent: number) => percent }).join({ name: 'ann' });
// error: to method's 'this' of type '"onProgress must accept the progress values of this method: the second type argument of its Reply or Stream"'
there.to(null, { onProgress: ({ done }: { done: string }) => done }).lines();
// error: to method's 'this' of type '"onProgress must accept the progress values of this method: the second type argument of its Reply or Stream"'
there.to(null, { onProgress: (percent: number) => percent }).plain();
here.join.connect((sender) => {
  // error: Argument of type 'string' is not assignable to parameter of type '{ done: number; }'
  sender.progress('half');
  return 1;
});

// Events.
// error: Argument of type '"conect"' is not assignable to parameter of type '"
here.on('conect', () => {});
// error: Argument of type '"error"' is not assignable to parameter of type '"
here.on('error', () => {});
// error: Argument of type '"connect"' is not assignable to parameter of type '"method.
here.room.on('connect', () => {});

// Options.
// error: 'timeuot' does not exist in type 'Options<
Chat.create({ timeuot: 5 });
// error: 'timeuot' does not exist in type 'OpenOptions<
Chat.connect('tcp://127.0.0.1:1', { timeuot: 5 });
// error: "inncoming"' is not assignable to type
Chat.create({ validate: 'inncoming' });
// error: 'timeot' does not exist in type 'GatherOptions'. Did you mean to write 'timeout'?
here.gather(null, { timeot: 5 });
