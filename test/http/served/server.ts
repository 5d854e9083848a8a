import { httpHandler } from '../../../transports/http.js';
import { callShelf, serveShelf } from './spec.js';

/* In Bun and Deno: `server.ts serve` serves a handler, prints the port, and ends when its input does; `server.ts call URL` calls a server. */

interface DenoNow {
  serve(options: object, handler: object): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}
interface BunNow {
  serve(options: object): { readonly port: number; stop(now: boolean): Promise<void> };
}
const { Deno, Bun } = globalThis as { Deno?: DenoNow; Bun?: BunNow };

const [what, url = ''] = process.argv.slice(2);
if (what === 'call') {
  console.log(JSON.stringify(await callShelf(url)));
  process.exit(0);
}
const handler = httpHandler();
const shelf = await serveShelf(handler);
let stop: () => unknown;
if (Deno !== undefined) {
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, handler.fetch);
  stop = () => server.shutdown();
  console.log(server.addr.port);
} else {
  const server = Bun?.serve({ port: 0, hostname: '127.0.0.1', fetch: handler.fetch });
  stop = () => server?.stop(false);
  console.log(server?.port);
}
process.stdin.resume().on('end', async () => {
  await shelf.close();
  await stop();
  console.log('closed');
  process.exit(0);
});
