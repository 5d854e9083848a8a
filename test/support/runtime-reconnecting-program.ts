// `serve ADDRESS CODEC` serves a Ring and prints its address; `dial ADDRESS CODEC` is its client, and prints what it has seen.
import { ring, serveRing } from './runtime-reconnecting.js';

const [how, address = '', codec = ''] = process.argv.slice(2);
if (how === 'dial') {
  console.log(JSON.stringify(await ring(address, { codec })));
  // The WebSocket of Deno keeps its process alive until a peer that is silent has answered that it closes.
  process.exit();
} else {
  const { ring: served } = await serveRing(address, { codec });
  console.log(served.address);
}
