/*
 * A program that calls and gets no answer. Its first argument selects what it does then: `wait` for the timeout,
 * `close` after the call, or `idle`, open on a transport that does not keep the process alive.
 */
import { outgoing, type Receivers, RemoteAPI, type Reply } from '../../src/index.js';

class Spec extends RemoteAPI {
  @outgoing({ hasReply: true }) question(_to: Receivers, _args: object): Reply<unknown> {}
}

const [what, transport = 'memory:child'] = process.argv.slice(2);
const server = transport.startsWith('memory:') ? await Spec.invert().serve(transport, { logger: null }) : undefined;
server?.question.connect(() => new Promise(() => {}));
const client = await Spec.connect(transport, { timeout: 400 });
if (what !== 'idle') {
  client.question(null, {}).then(
    () => console.log('answered'),
    (error: { code: number }) => console.log(`failed: ${error.code}`),
  );
}
if (what === 'close') await client.close();
console.log('at the end of the program');
