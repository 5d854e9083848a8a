import type { Socket } from 'node:net';
import type { Adapter } from '../contestant.js';
import { dial, listen } from './shared/ceiling.js';
import { PlainJson } from './shared/plain-json.js';

const LINE_FEED = 10;

/** Lines of JSON over a bare socket, each message written separately. */
function speak(socket: Socket): PlainJson {
  const peer = new PlainJson((text) => socket.write(`${text}\n`));
  let tail: Buffer[] = [];
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      tail.push(chunk.subarray(from, to));
      const line = tail.length === 1 ? (tail[0] as Buffer) : Buffer.concat(tail);
      tail = [];
      from = to + 1;
      peer.take(line.toString());
    }
    if (from < chunk.length) tail.push(chunk.subarray(from));
  });
  return peer;
}

export default {
  serve: () => listen(speak),
  async connect(address) {
    const socket = await dial(address);
    return speak(socket).caller(() => void socket.end());
  },
} satisfies Adapter;
