import { declareMethods, incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** A client for runtimes that strip types: connects as its argument specifies, makes calls, and prints the results. */
class Headers extends RemoteAPI {
  header(_sender: Sender, _args: { name: string }): Reply<string> {}
}
declareMethods(Headers, { header: incoming({ hasReply: true }) });

const [target = '{}'] = process.argv.slice(2);
try {
  const side = await Headers.invert().connect(JSON.parse(target), { limits: { connectMs: 5_000 }, logger: null });
  console.log(`answer: ${await side.remote.header({ name: 'x-test' }).catch((error: Error) => error.message)}`);
  await side.close();
  console.log('closed');
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
