import type { WebSocket } from 'ws';
import type { Adapter } from '../contestant.js';
import { PlainJson } from './shared/plain-json.js';
import { dialWs, listenWs } from './shared/ws.js';

/** JSON over a bare WebSocket, each message sent separately. */
function speak(socket: WebSocket): PlainJson {
  const peer = new PlainJson((text) => socket.send(text));
  socket.on('message', (data) => peer.take(String(data)));
  return peer;
}

export default {
  serve: () => listenWs(speak),
  async connect(address) {
    const socket = await dialWs(address);
    return speak(socket).caller(() => socket.close());
  },
} satisfies Adapter;
