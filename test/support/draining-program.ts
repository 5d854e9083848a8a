// Says that it is loaded; serves a Desk at the address of its argument as soon as that is free, and sends its address to its parent; drains
// when it is told to. At the end it sends what it has seen.
import { serveDesk } from '../drain/fleet.js';

const [address = '', codec = '', name = ''] = process.argv.slice(2);
process.send?.({ isLoaded: true });
let served: Awaited<ReturnType<typeof serveDesk>> | undefined;
while (served === undefined) served = await serveDesk(address, name, { codec }).catch(() => undefined);
const { server, failures, seen, stop } = served;
process.send?.({ address: server.address });
process.once('SIGTERM', async () => {
  await server.close({ drain: 20_000 });
  await stop();
  process.send?.({ failures, seen }, () => process.disconnect());
});
