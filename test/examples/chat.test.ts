import { expect, it } from 'vitest';
import { Chat } from '../../examples/chat.js';

it.each(['tcp://127.0.0.1:0', 'memory:smoke'])('a chat works over %s', async (url) => {
  await using chat = await Chat.serve(url);
  chat.join.connect((_sender, { name }) => {
    chat.said(null, { from: name, text: 'hello' });
    return chat.peers.size;
  });
  await using room = await Chat.invert().connect(chat.address);
  const heard: string[] = [];
  room.said.connect((_server, { from, text }) => heard.push(`${from}: ${text}`));
  expect(await room.remote.join({ name: 'ann' })).toBe(1);
  expect(heard).toEqual(['ann: hello']);
});
