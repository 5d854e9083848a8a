import { clearTimer, setTimer, type Timer } from '../src/base/time.js';
import { decodeMarks, encodeMarks, readOptions } from '../src/contract/address.js';
import type { Accept, Address, Transport, Wire } from '../src/contract/contract.js';
import { ConnectionLost, UsageError } from '../src/contract/errors.js';
import { portInfo } from './shared/port/events.js';
import { PortLink } from './shared/port/link.js';
import { type Spawned, spawnWorker } from './shared/port/worker.js';
import { workerAdvice } from './shared/typescript-advice.js';

let workers = 0;

/** How long, in milliseconds, a worker may take to finish after it was notified of the end. */
const GRACE_MS = 1_000;

const MARKS = 'If the question mark belongs to the file, use { url: "worker:", file: "./file.js?version=2" }';

/**
 * Starts a worker and communicates with the side that opens `port:parent` in it: `worker:./file.js`. The file is an
 * absolute path, a `file:` URL, or a path relative to the working directory; in browsers it is what `new Worker`
 * accepts, relative to the page. Only connects. The id of the peer is `worker:n`.
 *
 * Options: `name`; `file`, the file as it is, in place of the one in the address, where a question mark in a path is
 * written as `%3F`; in Node the options of its Worker: `workerData`, `transferList`, `argv`, `env`, `execArgv` and
 * `resourceLimits`; in browsers `type`, which is `module` (default) or `classic`.
 *
 * `open` resolves when the worker has opened its `port:parent`. It rejects with ConnectionLost if the worker fails or
 * exits before that, or does not open it within the limit `connectMs`. A worker that fails or exits later ends the link
 * with ConnectionLost. When the link ends, the worker has one second to finish by itself; then it is terminated.
 *
 * Throws a UsageError when it must listen, and if there is no file.
 */
export default function worker(address: Address, wire: Wire): Transport {
  const options = readOptions(
    address,
    {
      name: 'text',
      file: 'text',
      workerData: 'any',
      transferList: 'any',
      argv: 'any',
      env: 'any',
      execArgv: 'any',
      resourceLimits: 'any',
      type: ['module', 'classic'],
    },
    MARKS,
  );
  if (wire.listen) {
    throw new UsageError(
      `${address.text} starts a worker and connects to it, so it cannot be served; in the worker, serve port:parent`,
    );
  }
  const { file: given, ...settings } = options;
  if (given !== undefined && address.rest !== '') {
    throw new UsageError(`"${address.text}" names a file, and so does the option "file"; omit one of them`);
  }
  const file = given ?? named(address.rest);
  if (file === '') throw new UsageError('worker: needs a file, as in worker:./file.js');
  const shown = given === undefined ? address.text : `worker:${isUrl(file) ? file : encodeMarks(file)}`;
  return new WorkerTransport(shown, file, wire, () => spawnWorker(file, settings));
}

class WorkerTransport implements Transport {
  readonly address: string;
  private readonly file: string;
  private readonly wire: Wire;
  private readonly spawn: () => Spawned;
  private spawned: Spawned | undefined;
  private link: PortLink | undefined;
  private timer: Timer | undefined;
  private fail: (reason: Error) => void = () => {};
  private ready = false;
  private over = false;

  constructor(address: string, file: string, wire: Wire, spawn: () => Spawned) {
    this.address = address;
    this.file = file;
    this.wire = wire;
    this.spawn = spawn;
  }

  open(accept: Accept): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.over) throw this.closedBefore();
      this.fail = reject;
      const spawned = this.spawn();
      this.spawned = spawned;
      const link = new PortLink(spawned.port, this.wire, {
        peer: `worker:${++workers}`,
        info: { ...portInfo(spawned.port), file: this.file },
        parent: false,
        owned: false,
        ready: () => {
          clearTimer(this.timer);
          this.ready = true;
          link.start(accept);
          resolve();
        },
        ended: (reason) => this.discard(reason),
        settled: () => spawned.settled(),
      });
      this.link = link;
      const { connectMs } = this.wire.limits;
      this.timer = setTimer(connectMs, () => {
        link.close(
          new ConnectionLost(
            `${this.address} did not open port:parent within ${connectMs} ms (limits.connectMs); check that the worker opens a side on port:parent`,
          ),
        );
      });
      link.listen();
    });
  }

  async close(): Promise<void> {
    this.over = true;
    this.link?.close();
    await this.spawned?.gone;
  }

  /** The link has ended, or was never established: in that case `open` rejects, once everything is released. */
  private async discard(reason: Error | undefined): Promise<void> {
    clearTimer(this.timer);
    await this.spawned?.end(reason === undefined && this.ready ? GRACE_MS : 0);
    if (!this.ready) this.fail(reason === undefined ? this.closedBefore() : this.explained(reason));
  }

  private explained(reason: Error): Error {
    const advice = workerAdvice(this.file, reason.cause);
    return advice === undefined ? reason : new ConnectionLost(`${reason.message}. ${advice}`, { cause: reason.cause });
  }

  private closedBefore(): ConnectionLost {
    return new ConnectionLost(`${this.address} was closed before it was open`);
  }
}

/** The file in an address. In a URL, `%3F` has its own meaning. */
function named(rest: string): string {
  return isUrl(rest) ? rest : decodeMarks(rest);
}

function isUrl(file: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(file);
}
