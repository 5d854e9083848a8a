import { Chat } from '../chat.js';

/** The chat of the README, for peers in Python. */
const chat = await Chat.serve(`tcp://127.0.0.1:${process.argv[2] ?? 8888}`);
chat.join.connect((_sender, { name }) => {
  chat.said(null, { from: 'the room', text: `${name} is here` });
  return chat.peers.size;
});
console.log(chat.address);
