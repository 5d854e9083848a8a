import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';

class Chat extends RemoteAPI {
  @incoming({ hasReply: true }) join(_sender: Sender, _args: { name: string }): Reply<number> {}
  @outgoing said(_receivers: Receivers, _args: { text: string }): void {}
}
const url = 'tcp://127.0.0.1:0';

// A mistake in the options is one error: the side that comes of the call is still the one that was meant.
// error: Did you mean to write 'codec'?
const served = await Chat.serve(url, { codecs: 'msgpack' });
served.join.connect((_sender, { name }) => name.length);
served.said(null, { text: 'hello' });
// error: Did you mean to write 'codec'?
const created = Chat.create({ codecs: 'msgpack' });
created.join.connect((_sender, { name }) => name.length);
created.said(null, { text: 'hello' });
// error: Type 'string' is not assignable to type 'number'
const connected = await Chat.connect(url, { timeout: '5' });
connected.join.connect((_sender, { name }) => name.length);
connected.said(null, { text: 'hello' });

// Options of an address.
// error: 'crt' does not exist in type
const dialed = await Chat.connect({ url: 'tls://127.0.0.1:1', crt: 'a.pem' });
dialed.join.connect((_sender, { name }) => name.length);
// error: '"ful"' is not assignable to
await Chat.invert().connect({ url: 'reconnect+tls://127.0.0.1:1', verify: 'ful' });
// error: 'strem' does not exist in type
await Chat.connect({ url: 'nats://127.0.0.1/chat', strem: 'CHAT' });
// error: '"nulll"' is not assignable to
await Chat.connect({ url: 'tcp://127.0.0.1:1', framing: 'nulll' });
// error: 'trasport' does not exist in type
await Chat.connect({ url: 'reconnect:', trasport: url });

// `begin` has the methods of the side that is connected.
// error: Property 'jion' does not exist on type 'Remote<
await Chat.invert().connect(url, { reconnect: { begin: (remote, peer) => remote.jion({ name: peer.id }) } });
// error: 'nam' does not exist in type
await Chat.connect(url, { invert: true, reconnect: { begin: (remote) => remote.join({ nam: 'ann' }) } });
// error: Property 'join' does not exist on type 'Remote<Chat
Chat.create({ transport: url, reconnect: { begin: (remote) => remote.join({ name: 'ann' }) } });

// The inverted side, by the class and by the option.
// error: Did you mean to write 'codec'?
const inverted = await Chat.invert().connect(url, { codecs: 'msgpack' });
inverted.join(null, { name: 'ann' });
inverted.said.connect((_sender, { text }) => void text.length);
// error: Did you mean to write 'codec'?
const there = await Chat.connect(url, { codecs: 'msgpack', invert: true });
there.join(null, { name: 'ann' });
there.said.connect((_sender, { text }) => void text.length);
// error: Type 'string' is not assignable to type 'number'
const back = Chat.invert().create({ timeout: '5', invert: true });
back.join.connect((_sender, { name }) => name.length);
back.said(null, { text: 'hello' });

// Who a peer is.
// error: Did you mean to write 'authenticate'?
void Chat.serve(url, { authentificate: () => 'ann' });
// error: Type 'string' is not assignable to type
void Chat.serve(url, { authenticate: 'token' });
// error: Type 'number' is not assignable to type
void Chat.connect(url, { credentials: 5 });
// error: Property 'token' does not exist on type 'Handshake'
void Chat.serve(url, { authenticate: ({ token }) => token });
