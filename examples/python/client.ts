import { Chat } from '../chat.js';

/** Joins a chat that a Python program serves. */
const room = await Chat.invert().connect(`tcp://127.0.0.1:${process.argv[2] ?? 8888}`);
room.said.connect((_server, { from, text }) => console.log(`${from}: ${text}`));
console.log(await room.remote.join({ name: 'bob' }), 'in the room');
await room.close();
