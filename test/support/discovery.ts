import dgram from 'node:dgram';
import { incoming, RemoteAPI, type Reply, type Sender } from '../../src/index.js';
import { freePort } from './engines.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) whoAreYou(_sender: Sender): Reply<string> {}
}
export const Guest = Desk.invert();

const ends: (() => unknown)[] = [];

/** Ends everything that was made here since. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

/** What is to be ended after the test. */
export function later(end: () => unknown): void {
  ends.push(end);
}

/** A group that no other test uses, on this machine only. */
export async function group(): Promise<string> {
  return `group=239.255.79.66:${await freePort()}&interface=127.0.0.1`;
}

export async function serve(url: string, name: string) {
  const server = await Desk.serve(url, { logger: null });
  ends.push(() => server.close());
  server.whoAreYou.connect(() => name);
  return server;
}

export async function connect(url: string, options: Parameters<typeof Guest.connect>[1] = {}) {
  const client = await Guest.connect(url, { logger: null, ...options });
  ends.push(() => client.close());
  return client;
}

/** A member of the group that sends and receives datagrams as they are. */
export async function raw(query: string) {
  const [, host = '', port = ''] = /group=([^:]+):(\d+)/.exec(query) ?? [];
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true });
  const heard: { method: string; params: Record<string, string> }[] = [];
  socket.on('message', (data) => {
    if (data.toString().startsWith('{"')) heard.push(JSON.parse(data.toString()));
  });
  await new Promise<void>((resolve) => socket.bind({ address: host, port: Number(port) }, resolve));
  socket.addMembership(host, '127.0.0.1');
  socket.setMulticastInterface('127.0.0.1');
  ends.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const send = (what: unknown) =>
    new Promise<void>((resolve, reject) =>
      socket.send(typeof what === 'string' ? what : JSON.stringify(what), Number(port), host, (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  const advertise = (address: string, id = 'an-id-of-a-server') =>
    send({ jsonrpc: '2.0', method: 'advertise', params: { name: 'desk', address, id } });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => socket.once('message', resolve));
  };
  return { heard, send, advertise, until };
}

/** Whether this machine delivers datagrams to a multicast group; why not, if not. */
export async function refusal(): Promise<string> {
  try {
    const query = await group();
    const [one, other] = [await raw(query), await raw(query)];
    await one.send({ method: 'probe' });
    const timeout = new Promise<string>((resolve) => setTimeout(resolve, 1_000, 'the system delivers no multicast'));
    return await Promise.race([other.until(() => other.heard.length > 0).then(() => ''), timeout]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await endAll();
  }
}
