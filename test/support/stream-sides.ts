import net from 'node:net';
import { afterEach } from 'vitest';
import type { Transport } from '../../src/contract/contract.js';
import { Side } from '../../src/testing/transport-ends.js';

const sides: Side[] = [];
const sockets: net.Socket[] = [];

// Ends everything that a test leaves open, and checks what must be true of every link.
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const side of sides.splice(0)) await side.close();
});

/** Opens a transport for this test; it is closed after the test. */
export async function opened(transport: Transport): Promise<Side> {
  const side = new Side(transport);
  await side.open();
  sides.push(side);
  return side;
}

/** A bare socket for this test, which reads only on request. */
export function connected(target: net.NetConnectOpts): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(target, () => {
      socket.off('error', reject).on('error', () => {});
      resolve(socket);
    });
    socket.once('error', reject);
    sockets.push(socket);
  });
}

/** A logger that keeps its reports. */
export function keeping(): {
  readonly warnings: string[];
  readonly errors: unknown[][];
  warn(text: string): void;
  error(...all: unknown[]): void;
} {
  const warnings: string[] = [];
  const errors: unknown[][] = [];
  return {
    warnings,
    errors,
    warn: (text) => {
      warnings.push(text);
    },
    error: (...all) => {
      errors.push(all);
    },
  };
}
