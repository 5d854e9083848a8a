import { setTimer } from '../../src/base/time.js';
import type { ZmqMonitor, ZmqSocket } from './package.js';

/** How long, in ms, the monitor of a closed socket is kept. */
const KEPT_MS = 5_000;
/** How often another socket is made if the monitor of one cannot be. */
const ATTEMPTS = 10;

/*
 * The package names a monitor by its place in memory, and ZeroMQ has that name until the socket is gone, some time after `close`. The next
 * monitor in the same place would fail.
 */
const keptMonitors = new Set<ZmqMonitor>();

/** Makes a socket whose monitor works. */
export function withMonitor(make: () => ZmqSocket): { readonly socket: ZmqSocket; readonly monitor: ZmqMonitor } {
  const failed: ZmqSocket[] = [];
  try {
    for (;;) {
      const socket = make();
      try {
        return { socket, monitor: socket.events };
      } catch (error) {
        failed.push(socket);
        if (failed.length === ATTEMPTS) throw error;
      }
    }
  } finally {
    for (const socket of failed) socket.close();
  }
}

/** The socket of this monitor is closed: the next monitor must not come into its place before ZeroMQ has forgotten it. */
export function keepMonitor(monitor: ZmqMonitor): void {
  keptMonitors.add(monitor);
  setTimer(KEPT_MS, () => keptMonitors.delete(monitor)).unref();
}
