import type { Accept, Frame, Transport, TransportMaker, Wire } from '../contract/contract.js';
import { ConnectionLost, UsageError } from '../contract/errors.js';
import { mustBeOptions } from '../contract/options-object.js';
import { codecNamed, hidingWith } from './recorded-credentials.js';
import { type RecordingSource, readRecording, type Step } from './recording.js';
import { Difference } from './replay-difference.js';
import { Player, type Same } from './replay-player.js';

/** Options of {@link replay}. */
export interface ReplayOptions {
  /**
   * Called for a frame that differs from the recorded one; returns whether it counts as equal: for programs that send
   * the time, or random data. By default no such frame does.
   */
  readonly same?: Same;
}

/** A transport that plays a recording, with its result. */
export interface Replay extends TransportMaker {
  /**
   * For the end of a test: throws the first difference, with both frames, or an error if recorded frames were not sent,
   * or the transport was not opened.
   */
  verify(): void;
}

/**
 * Plays the peers of a conversation that {@link record} has recorded: their messages arrive in order, each after
 * everything that this side had sent before it. What this side sends must equal what it had sent to each peer, in
 * order. The first frame that differs ends its link with a ProtocolError that shows both: pending calls reject with it,
 * `onMessageError` is called with it, and `verify` throws it.
 *
 * Throws a UsageError for an invalid recording or an unknown option; opening rejects with a UsageError if the codec is
 * not the recorded one, and with ConnectionLost if the recorded transport could not be opened either.
 *
 * @example
 * const replayed = replay('chat.jsonl');
 * const chat = await Chat.connect(replayed);
 * assert.equal(await chat.remote.join({ nick: 'ann' }), 7);
 * await chat.close();
 * replayed.verify();
 */
export function replay(source: RecordingSource, options: ReplayOptions = {}): Replay {
  mustBeOptions(options, 'replay(): the options', '{ same: … }');
  for (const name of Object.keys(options)) {
    if (name !== 'same') throw new UsageError(`replay: unknown option "${name}"; there is same`);
  }
  const { head, steps } = readRecording(source);
  let player: Player | undefined;
  const make = async (wire: Wire): Promise<Transport> => {
    if (player !== undefined)
      throw new UsageError('replay() plays a recording once: make another one to play it again');
    if (wire.form !== head.form || wire.codec !== head.codec) {
      throw new UsageError(
        `replay: the recording is of the codec ${head.codec} (${head.form}), and this side has ${wire.codec} (${wire.form})`,
      );
    }
    const codec = await codecNamed(wire.codec);
    player = new Player(steps, new Difference(codec), hidingWith(codec), options.same);
    return new ReplayTransport(steps, player);
  };
  const verify = (): void => {
    if (player === undefined) throw new UsageError('replay: the recording was not played: no side was opened with it');
    player.verify();
  };
  return Object.assign(make, { verify });
}

class ReplayTransport implements Transport {
  readonly broadcast?: (frames: readonly Frame[]) => void;
  private over = false;

  constructor(
    private readonly steps: readonly Step[],
    private readonly player: Player,
  ) {
    if (!steps.some((step) => 'address' in step && step.broadcasts === true)) return;
    this.broadcast = (frames) => {
      for (const frame of frames) player.sent(undefined, frame);
    };
  }

  get address(): string {
    const opened = this.steps.find((step) => 'address' in step);
    return opened === undefined ? 'replay' : opened.address;
  }

  async open(accept: Accept): Promise<void> {
    const failed = this.steps.find((step) => 'failed' in step);
    if (failed !== undefined) throw new ConnectionLost(failed.failed);
    if (this.over) throw new ConnectionLost(`${this.address} was closed before it was open`);
    this.player.start(accept);
  }

  async close(): Promise<void> {
    this.over = true;
    this.player.stop();
    // The links report their ends in microtasks that are queued before this one.
    await undefined;
  }
}
