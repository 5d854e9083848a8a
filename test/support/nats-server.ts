import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine, findEngine, freePort } from './engines.js';

/** The NATS server of this machine. */
export const nats = findEngine('nats-server', 'apt-get install nats-server');

const READY = /Server is ready/;

/** Starts a NATS server on a free port of 127.0.0.1, with JetStream if the test needs it. */
export function startNats({ jetstream = false, args = [] as readonly string[] } = {}): Promise<Engine> {
  return Engine.start({
    program: nats.program as string,
    args: (port, folder) => [
      ...['-a', '127.0.0.1', '-p', String(port), ...args],
      ...(jetstream ? ['-js', '-sd', join(folder, 'jetstream')] : []),
    ],
    ready: READY,
  });
}

/** Starts a NATS server with lines of a configuration; `folder` is its own, where it finds files that `write` has put there. */
export function startNatsWith(
  config: (port: number) => string,
  write: Readonly<Record<string, string>> = {},
): Promise<Engine> {
  return Engine.start({
    program: nats.program as string,
    args: (port, folder) => {
      for (const [name, text] of Object.entries(write)) writeFileSync(join(folder, name), text);
      const file = join(folder, 'server.conf');
      writeFileSync(file, `listen: "127.0.0.1:${port}"\n${config(port)}\n`);
      return ['-c', file];
    },
    ready: READY,
  });
}

/** Starts a NATS server that also accepts WebSockets on the second port, without TLS unless there is a certificate. */
export async function startNatsForPages(identity?: {
  readonly cert: string;
  readonly key: string;
}): Promise<{ engine: Engine; webPort: number }> {
  const webPort = await freePort();
  const secure = identity === undefined ? 'no_tls: true' : 'tls { cert_file: "cert.pem", key_file: "key.pem" }';
  const files = identity === undefined ? {} : { 'cert.pem': identity.cert, 'key.pem': identity.key };
  const engine = await startNatsWith(() => `websocket { listen: "127.0.0.1:${webPort}", ${secure} }`, files);
  return { engine, webPort };
}
