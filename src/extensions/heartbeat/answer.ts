import type { Extension, Gate, SideExtension } from '../../api/extension.js';
import { flushAtEndOfTurn } from '../../base/clock.js';
import { must } from '../../contract/check-options.js';
import type { Connection } from '../../session/connection.js';
import { sendControl } from '../../session/system/control-messages.js';
import { BEAT } from '../../session/system/system-names.js';
import type { Options } from '../../types/options.js';

/** In milliseconds. */
const DEFAULT_BEAT = 15_000;

/** The option, and its check. */
export const beatOption = {
  beat: must(
    (value) => typeof value === 'number' && value >= 1_000,
    'a number of milliseconds from 1,000, or Infinity for no heartbeat',
  ),
};

/** Sends `rpc.beat`: a question, or an answer. It does nothing where that fails: then something else ends the link, or nothing does. */
export function sendBeat(connection: Connection, ...answer: readonly true[]): void {
  if (connection.ended) return;
  try {
    sendControl(connection, BEAT, answer);
  } catch {
    // It does not fit into a frame, or the security refuses it.
  }
}

/** Those that have asked in this turn. */
const asking = new Set<Connection>();

/** Answers at the end of the turn, once. What waits to be sent is an answer as well. */
function beat(connection: Connection, [answer]: readonly unknown[]): void {
  if (answer === true || connection.link.buffered > 0) return;
  if (asking.size === 0) flushAtEndOfTurn({ flush: answerAll });
  asking.add(connection);
}

function answerAll(): void {
  const all = [...asking];
  asking.clear();
  for (const connection of all) sendBeat(connection, true);
}

/** The time of a side, in milliseconds; `Infinity`: it checks nobody, and answers those that check it. */
export function beatOf({ beat = DEFAULT_BEAT }: Options): number {
  return beat;
}

/** Says in `rpc.hello` that this side answers, over links whose end may not be reported; 0 stands for `Infinity`, which JSON does not have. */
export class Greeting implements Required<Pick<Gate, 'hello'>> {
  private readonly field: { readonly name: string; readonly value: number };

  constructor(readonly beat: number) {
    this.field = { name: 'beat', value: beat === Number.POSITIVE_INFINITY ? 0 : beat };
  }

  hello({ link }: Connection): { readonly name: string; readonly value: number } | undefined {
    return link.moved === undefined ? undefined : this.field;
  }
}

/** What `make` returns for the time of a side, one object for sides with the same time: there may be a side for each of many links. */
export function shared(make: (beat: number) => Gate): NonNullable<Extension['attach']> {
  let last: { readonly beat: number; readonly side: SideExtension } | undefined;
  return ({ options }) => {
    const beat = beatOf(options);
    if (last?.beat !== beat) last = { beat, side: { gate: make(beat) } };
    return last.side;
  };
}

/** Answers the heartbeat of other sides, and has none itself. */
export const answering: Extension = {
  name: 'heartbeat',
  controls: { [BEAT]: beat },
  attach: shared((beat) => new Greeting(beat)),
};
