import { type Handlers, namespace, RemoteAPI } from 'obverse';
import { Chat } from '../spec.js';

const here = Chat.create();
const there = Chat.invert().create();
class NoSpec {}

export class Direct extends RemoteAPI {
  // error: Argument of type 'typeof NoSpec' is not assignable to parameter of type 'SpecClass<Branded>'
  readonly room = namespace(NoSpec);
}
// error: Constructor of class 'RemoteAPI' is protected and only accessible within the class declaration
export const direct = new Direct();
// error: Property 'create' does not exist on type 'typeof NoSpec'
export const none = NoSpec.create();
// error: 'timeuot' does not exist in type
export const misspelt = Chat.create({ timeuot: 5 });
// error: 'transport' does not exist in type
export const twice = Chat.serve('tcp://127.0.0.1:0', { transport: 'tcp://127.0.0.1:1' });

// error: Property 'echo' is missing in type '{ ping: () => "pong";
export const missing: Handlers<Chat> = { ping: () => 'pong', notify() {}, log() {}, forget() {}, ticks: () => [], room: { join: () => 1 }, house: { hall: { join: () => 1 }, attic: { join: () => 1 } } };
there.implement({
  hello() {},
  // error: Type 'string' is not assignable to type 'number | Promise<number>'
  add: () => 'a',
  lines: () => [],
  room: { left() {} },
  news: { headline() {} },
  // error: Property 'attic' is missing in type '{ hall: { left(): void; }; }'
  house: { hall: { left() {} } },
});
// error: 'goodbye' does not exist in type 'Handlers<
there.room.implement({ left() {}, goodbye() {} });
// error: Type 'number' is not assignable to type 'string | Promise<string>'
here.echo.connect(() => 5);
// error: Property 'size' does not exist on type '{ text: string; }'
here.echo.connect((_sender, { size }) => size);
// error: "this method is called here, and handled on the other side; invert() swaps the sides"
here.hello.connect(() => {});
// error: This expression is not callable
here.notify(null, { text: '' });
// error: Expected 2 arguments, but got 1
here.hello({ who: 'me' });
// error: 'whom' does not exist in type '{ who: string; }'
here.hello(null, { whom: 'me' });
// error: Property 'echo' does not exist on type 'Remote<Chat, 
here.remote.echo({ text: '' });
// error: Property 'hello' does not exist on type 'Gather<Chat, 
here.gather(null).hello({ who: 'me' });
// error: Expected 2 arguments, but got 1
there.remote.room.join({ nick: 'ann' }, here.room.left({ nick: 'ann' }));
// error: Property 'helper' does not exist on type
here.helper('text');
// error: Property 'close' does not exist on type
here.room.close();
// error: Type 'number' is not assignable to type 'string'
export const wrongAnswer: Promise<string> = here.add(null, 1).then((sum) => sum);
// error: 'timeot' does not exist in type 'CallOptions<unknown>'
here.to(null, { timeot: 1 });
