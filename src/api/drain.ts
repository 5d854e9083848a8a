import { clearTimer, setTimer } from '../base/time.js';
import { checkEach, must } from '../contract/check-options.js';
import { mustBeOptions } from '../contract/options-object.js';
import type { Connection } from '../session/connection.js';
import { RpcSession } from '../session/rpc-session.js';
import type { Session } from '../session/session.js';
import type { CloseOptions } from '../types/closing.js';
import type { SideLogger } from '../types/log-entry.js';
import type { ActiveTransport } from './active-transport.js';
import type { SideExtensions } from './side-extensions.js';
import type { SideState } from './side-states.js';

/** The part of `drain` for which a session must be quiet before it ends, at least. It is at most twice as long. */
const QUIET = 1 / 8;
/** How often, in milliseconds, a side that dials looks whether its sessions are idle. */
const LOOK_MS = 20;

const checks = {
  drain: must(
    (value) => typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY,
    'a number of milliseconds from 0 and less than Infinity, such as 30_000',
  ),
};

/** What a drain needs of its side. */
export interface DrainingSide {
  readonly listens: boolean;
  readonly away: ReadonlySet<Session>;
  readonly attached: Pick<SideExtensions, 'closing'>;
  readonly logger: SideLogger;
  state: SideState;
  /** Set while it drains: ends that. */
  drained: (() => void) | undefined;
}

/**
 * Lets nobody in any more, and what is open finish. Resolves when no connection is left and the extensions are done, when the time is over, or
 * when the side is closed. Rejects with a UsageError for options that do not fit.
 */
export async function drain(
  side: DrainingSide,
  lines: ReadonlySet<ActiveTransport>,
  options: CloseOptions,
): Promise<void> {
  mustBeOptions(options, 'close(): the options', '{ drain: 30_000 }');
  checkEach(options, checks, ' of close()');
  const { drain: ms = 0 } = options;
  if (ms === 0 || (side.state !== 'open' && side.state !== 'draining')) return;
  side.state = 'draining';
  const { drained } = side;
  await new Promise<void>((resolve) => {
    const timer = setTimer(ms, resolve);
    const done = (): void => {
      clearTimer(timer);
      resolve();
    };
    side.drained = () => {
      drained?.();
      done();
    };
    const finishing = side.listens ? finished(side, [...lines], ms) : settled(side, [...lines], ms);
    void finishing.then(done);
  });
}

/**
 * A side that dials: each of its sessions ends when it is idle. One that has lost its link waits for the next one, as long as something is open
 * in it, or was sent and may not have arrived.
 */
async function settled(side: DrainingSide, lines: readonly ActiveTransport[], ms: number): Promise<void> {
  const closing = side.attached.closing({ drain: ms });
  const pause = Math.min(LOOK_MS, ms / 100);
  while (side.state === 'draining' && (side.away.size > 0 || lines.some(({ connections }) => connections.size > 0))) {
    for (const session of [...side.away])
      if (session.open === 0 && session.buffered === 0 && !session.journal?.keptMessages) session.end();
    // A session with a journal is ended by the other side, which receives a message.
    for (const { sessions } of lines)
      for (const session of sessions) if (session.journal === undefined && !session.retiring) session.closeWhenIdle();
    if (side.away.size > 0 || lines.some(({ connections }) => connections.size > 0))
      await new Promise<void>((resolve) => void setTimer(pause, resolve).unref());
  }
  await closing;
}

async function finished(side: DrainingSide, lines: readonly ActiveTransport[], ms: number): Promise<void> {
  await Promise.all(lines.map((line) => retired(side, line)));
  for (const session of [...side.away]) session.end();
  const closing = side.attached.closing({ drain: ms });
  for (const { connections } of lines) for (const connection of connections.all) endWhenQuiet(side, connection, ms);
  await Promise.all([closing, ...lines.map((line) => line.empty())]);
}

/** A transport that cannot stop letting peers in has its new links ended instead. */
async function retired({ logger }: DrainingSide, line: ActiveTransport): Promise<void> {
  try {
    await line.refuseLinks();
  } catch (error) {
    logger.error(`${line.address} could not stop letting peers in`, error);
  }
}

/**
 * A session with a journal ends when its extension ends it. Nothing is reported to the peers of the others: each of them ends when it has been
 * idle for a while. That is not equally long for all of them, so that they do not all dial again at once.
 */
function endWhenQuiet(side: DrainingSide, connection: Connection, ms: number, before?: number): void {
  const { sink, ended } = connection;
  if (ended) return;
  const session = sink instanceof RpcSession ? sink : undefined;
  if (session?.journal !== undefined) return;
  const sent = session?.sendQueue.sent;
  const isQuiet = session?.open === 0 && sent === before;
  if (session !== undefined && isQuiet) session.closeWhenIdle();
  else setTimer(ms * QUIET * (1 + Math.random()), () => endWhenQuiet(side, connection, ms, sent)).unref();
}
