import type { ExtensionHost, Gate } from '../../src/api/extension.js';
import {
  incoming,
  install,
  type Options,
  outgoing,
  type Receivers,
  RemoteAPI,
  type Reply,
  type Sender,
} from '../../src/index.js';

export class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<number> {}
  @incoming told(_sender: Sender, _args: { n: number }): void {}
  @outgoing({ hasReply: true }) confirm(_receivers: Receivers, _args: { n: number }): Reply<number> {}
  @outgoing news(_receivers: Receivers, _args: { n: number }): void {}
}

/** A side that has the gate of a test. */
export const gated = { gated: true } as Options;

const undo: (() => unknown)[] = [];

/** Called at the end of the test. */
export function atEnd(job: () => unknown): void {
  undo.push(job);
}

/** For `afterEach`: closes and removes everything. */
export async function clear(): Promise<void> {
  for (const each of undo.splice(0).reverse()) await each();
}

/** Installs an extension with a gate for sides with the option `gated`; returns the hosts of these, as they are made. */
export function gate(make: (host: ExtensionHost) => Gate, controls = {}): ExtensionHost[] {
  const hosts: ExtensionHost[] = [];
  undo.push(
    install({
      name: 'gate of a test',
      options: { gated: () => undefined },
      controls,
      attach(host) {
        if (!('gated' in host.options)) return {};
        hosts.push(host);
        return { gate: make(host) };
      },
    }),
  );
  return hosts;
}

/** A server whose sums tell that it has served a call. */
export async function serve(address: string, options: Options = gated) {
  const server = await Desk.serve(address, { logger: null, ...options });
  undo.push(() => server.close());
  const told: number[] = [];
  const peers: string[] = [];
  server.ask.connect((_sender, { n }) => n + 1);
  server.told.connect((_sender, { n }) => void told.push(n));
  server.on('connect', ({ id }) => void peers.push(`+${id}`));
  server.on('disconnect', ({ id }) => void peers.push(`-${id}`));
  return { server, told, peers };
}

export async function connect(address: string, options: Options = {}) {
  const client = await Desk.invert().connect(address, { logger: null, ...options });
  undo.push(() => client.close());
  return client;
}

/** Both ends of the conversation. */
export async function meet(address: string, near: Options = {}, far: Options = gated) {
  const served = await serve(address, far);
  return { ...served, client: await connect(served.server.address, near) };
}
