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

/** Starts a NATS server that also accepts WebSockets, without TLS, on the second port. */
export async function startNatsForPages(): Promise<{ engine: Engine; webPort: number }> {
  const webPort = await freePort();
  const engine = await Engine.start({
    program: nats.program as string,
    args: (port, folder) => {
      const file = join(folder, 'server.conf');
      writeFileSync(file, `listen: "127.0.0.1:${port}"\nwebsocket { listen: "127.0.0.1:${webPort}", no_tls: true }\n`);
      return ['-c', file];
    },
    ready: READY,
  });
  return { engine, webPort };
}
