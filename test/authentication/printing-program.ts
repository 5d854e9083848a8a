import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';

/** Both sides in one process, which prints their messages: a token that is used, renewed, and refused. */
class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) whoami(_sender: Sender): Reply<string> {}
}

const [, , token = '', codec = 'jrpc'] = process.argv;
let renewed = (): void => {};
const again = new Promise<void>((resolve) => {
  renewed = resolve;
});
const server = await Desk.serve('tcp://127.0.0.1:0', {
  codec,
  authenticate: ({ credentials, user, expireIn }) => {
    if (user === undefined) expireIn(1);
    else renewed();
    return credentials === token && 'ann';
  },
});
server.whoami.connect(({ peer }) => String(peer.user));
const client = await Desk.invert().connect(server.address, { codec, credentials: async () => token });
await again;
await client.remote.whoami();
await Desk.invert()
  .connect(server.address, { codec, credentials: `wrong ${token}` })
  .catch(() => {});
await client.close();
await server.close();
