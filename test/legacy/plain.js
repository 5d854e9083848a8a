// A spec for runtimes that have no decorators: plain JavaScript, or types that are only stripped.
import { declareMethods, incoming, outgoing, RemoteAPI, UsageError } from 'obverse';

class Chat extends RemoteAPI {
  add(_sender, _a, _b) {}
  greet(_sender, { name }) {
    if (name === '') throw new UsageError('a name, please');
  }
  said(_receivers, _args) {}
}
declareMethods(Chat, {
  add: incoming({ hasReply: true, params: ['a', 'b'] }),
  greet: incoming({ hasReply: true }),
  said: outgoing,
});

const chat = await Chat.serve('memory:plain', { errorClasses: [UsageError] });
const visitor = await Chat.invert().connect('memory:plain', { errorClasses: [UsageError] });
const heard = [];
chat.add.connect((_sender, a, b) => a + b);
chat.greet.connect((_sender, { name }) => chat.said(null, { text: `hello ${name}` }));
visitor.said.connect((_sender, { text }) => heard.push(text));
const sum = await visitor.remote.add(1, 2);
await visitor.remote.greet({ name: 'ann' });
const checked = await visitor.remote.greet({ name: '' }).catch((error) => `${error.name}: ${error.message}`);
let wrong;
try {
  declareMethods(Chat, { leave: incoming });
} catch (error) {
  wrong = error.message;
}
await visitor.close();
await chat.close();
console.log(JSON.stringify({ sum, heard, checked, wrong }));
