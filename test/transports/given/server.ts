import { sockets } from '../../../transports/socket.js';
import { Talk } from './spec.js';

/* Serves over sockets that Deno or Bun has accepted, prints the port, and ends when its input does. */

interface DenoNow {
  serve(
    options: object,
    handler: (request: Request) => Response,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  upgradeWebSocket(request: Request): { socket: object; response: Response };
}
interface BunNow {
  serve(options: object): { readonly port: number; stop(now: boolean): void };
}
const { Deno, Bun } = globalThis as { Deno?: DenoNow; Bun?: BunNow };

const [codec = 'jrpc'] = process.argv.slice(2);
const transport = sockets();
const talk = await Talk.serve(transport, { codec });
talk.twice.connect((_sender, { n }) => {
  talk.told(null, { n });
  return n * 2;
});
talk.size.connect((_sender, { text }) => text.length);
talk.path.connect((sender) => String(sender.peer.info.url));
talk.on('disconnect', () => console.log('gone'));

let stop: () => unknown;
if (Deno !== undefined) {
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, (request) => {
    // After the upgrade, Deno does not show the request any more.
    const { url, headers } = request;
    const protocol = transport.subprotocol(request);
    const info = { url, headers: { ...Object.fromEntries(headers) }, protocol };
    const { socket, response } = Deno.upgradeWebSocket(request);
    // The option of Deno does not find it in a header without spaces, such as that of the package `ws`.
    if (protocol !== undefined) response.headers.set('Sec-WebSocket-Protocol', protocol);
    transport.add(socket, info);
    return response;
  });
  stop = () => server.shutdown();
  console.log(server.addr.port);
} else if (Bun !== undefined) {
  type Upgraded = { readonly data: object };
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request: Request, server: { upgrade(request: Request, options: object): boolean }) {
      const protocol = transport.subprotocol(request);
      const headers = protocol === undefined ? {} : { 'Sec-WebSocket-Protocol': protocol };
      const { url } = request;
      return server.upgrade(request, { headers, data: { url, protocol } })
        ? undefined
        : new Response('', { status: 426 });
    },
    websocket: {
      open: (socket: Upgraded) => transport.add(socket, socket.data),
      message: (socket: Upgraded, data: string | Uint8Array) => transport.received(socket, data),
      drain: (socket: Upgraded) => transport.drained(socket),
      close: (socket: Upgraded, code: number, reason: string) => transport.ended(socket, code, reason),
    },
  });
  stop = () => server.stop(true);
  console.log(server.port);
} else throw new Error('run this in Deno or Bun');

process.stdin.on('end', async () => {
  await talk.close();
  await stop();
  console.log('closed');
});
process.stdin.resume();
