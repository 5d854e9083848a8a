import { Chat, serveChat } from './chat.js';

/*
 * One end of a chat as a program of its own, so that a test can kill it: `serve <address>` or `wait <address>`, which calls a method that does
 * not return. It writes what happens, a line for each.
 */

const [role, address = ''] = process.argv.slice(2);
if (role === 'serve') {
  const server = await Chat.serve(address, { logger: null });
  const { waiting } = serveChat(server);
  waiting.push = (...words) => {
    for (const word of words) console.log(word);
    return 0;
  };
  console.log(`ready ${server.address}`);
} else {
  const client = await Chat.invert().connect(address, { logger: null });
  await client.remote.join({ name: 'caller' });
  console.log('ready');
  await client.remote.wait();
}
