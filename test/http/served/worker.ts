import 'obverse/all';
import { httpHandler } from 'obverse/transports/http';
import { sockets } from 'obverse/transports/socket';
import { Talk } from '../../transports/given/spec.js';
import { serveShelf } from './spec.js';

/* A Worker: calls over HTTP at any path, and over WebSockets. */

declare const WebSocketPair: new () => Record<'0' | '1', WebSocket & { accept(): void }>;

const handler = httpHandler();
await serveShelf(handler);
const transport = sockets();
const talk = await Talk.serve(transport, { logger: null });
talk.twice.connect((sender, { n }) => {
  talk.told(sender, { n });
  return n * 2;
});
talk.size.connect((_sender, { text }) => text.length);
talk.path.connect((sender) => String(sender.peer.info.url));

export default {
  fetch(request: Request): Response | Promise<Response> {
    if (request.headers.get('upgrade') !== 'websocket') return handler.fetch(request);
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.accept();
    const protocol = transport.subprotocol(request);
    transport.add(ours, { url: request.url, protocol });
    const headers = protocol === undefined ? {} : { 'sec-websocket-protocol': protocol };
    return new Response(null, { status: 101, headers, webSocket: theirs } as ResponseInit);
  },
};
