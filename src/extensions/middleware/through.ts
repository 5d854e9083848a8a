import type { RpcEndpoint } from '../../api/endpoint.js';
import { isThenable } from '../../base/promise-like.js';
import { time } from '../../base/time.js';
import { currentCall } from '../../calls/call-context.js';
import { carryOut } from '../../calls/calls-with-options.js';
import { call as callRow, packArguments, prepare } from '../../calls/outgoing-method.js';
import type { Session } from '../../session/session.js';
import { callOptionsOf } from '../../spec/call-options.js';
import type { MethodDescriptor } from '../../spec/method-table.js';
import type { CallOptions } from '../../types/call-options.js';
import type { Detailed } from '../../types/derived.js';
import type { Receivers } from '../../types/peers.js';
import { streamOf } from '../streams/relayed-stream.js';
import { callStream } from '../streams/stream-call.js';
import { MadeCall } from './call-of.js';
import type { Chain } from './chain.js';

/** An outgoing call of a method around which somebody stands. */
class Through {
  readonly call: MadeCall;
  /** What goes wrong is not told to the caller; those who stand around see it. */
  private readonly silent: boolean;

  constructor(
    private readonly chain: Chain,
    private readonly hub: RpcEndpoint,
    private readonly row: MethodDescriptor,
    private readonly self: object,
    receivers: Receivers,
    args: readonly unknown[],
    asked: CallOptions | undefined,
  ) {
    const isPlain = asked === undefined && row.defaults === undefined && hub.defaults === undefined;
    const options = isPlain ? undefined : callOptionsOf(hub, row, asked);
    this.silent = options?.ignoreErrors === true;
    this.call = new MadeCall(
      chain.subject,
      args,
      receivers,
      this.silent ? { ...options, ignoreErrors: false } : options,
      hub.roster,
    );
  }

  /** Gives what the caller gets. */
  run(): unknown {
    let given: unknown;
    try {
      given = this.chain.run(this.call, () => this.last());
    } catch (error) {
      given = this.failed(error);
    }
    if (this.row.stream) return streamOf(given, this.row.path, this.silent);
    if (this.row.request) {
      const answer = given instanceof Promise ? given : Promise.resolve(given);
      return this.silent ? answer.catch(() => undefined) : answer;
    }
    if (isThenable(given)) given.then(undefined, (error: unknown) => this.late(error));
    return undefined;
  }

  private failed(error: unknown): unknown {
    if (this.row.request) return Promise.reject(error);
    if (!this.silent) throw error;
    return undefined;
  }

  /** An interceptor has taken its time, and its notification cannot leave: whoever has called cannot be told any more. */
  private late(error: unknown): void {
    if (!this.silent) this.hub.reports.write('error', undefined, `${this.row.path} was not sent:`, error);
  }

  /** Nobody stands before the call any more. */
  private last(): unknown {
    const { hub, row, self, call } = this;
    const args = [...call.args];
    const { asked } = call;
    const session = this.single();
    if (session === undefined) call.leaves();
    else call.leavesFor(session);
    if (!row.request) return callRow(hub, row, self, call.receivers, args, asked, true);
    const isPlain = asked === undefined && !row.stream && currentCall() === undefined;
    if (isPlain && session !== undefined) return this.ask(session, args);
    const sent = (id: number): void => {
      call.id = id;
    };
    if (row.stream) return callStream(hub, row, self, call.receivers, args, asked, sent);
    const answer = carryOut(hub, row, self, call.receivers, args, asked ?? {}, sent);
    return answer?.then(({ value, metadata }) => {
      call.replyMetadata = metadata;
      return value;
    });
  }

  /** The one receiver, if it is one and there. */
  private single(): Session | undefined {
    try {
      return this.hub.roster.single(this.call.receivers);
    } catch {
      // Whoever asks for several finds the same, and rejects with it.
      return undefined;
    }
  }

  /** A request to one peer that has no options, as most have none. */
  private ask(session: Session, given: unknown[]): Promise<unknown> {
    const { hub, row, self, call } = this;
    return new Promise((resolve, reject) => {
      prepare(hub, row, self, call.receivers, given);
      const { args, named } = packArguments(row, given);
      const since = time();
      call.id = session.ask(row.wire, args, named, {
        resolve,
        reject,
        about: ({ metadata }) => {
          call.replyMetadata = metadata;
        },
        method: row.wire,
        deadline: since + (row.timeout ?? hub.timeout),
        since,
      });
    });
  }
}

/** Calls what a row describes through all that stands around it. Gives and throws what a call without them would. */
export function callThrough(
  chain: Chain,
  hub: RpcEndpoint,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: readonly unknown[],
  asked: CallOptions | undefined,
): unknown {
  return new Through(chain, hub, row, self, receivers, args, asked).run();
}

/** The same of a request, with what was said of the answer. */
export async function detailedThrough(
  chain: Chain,
  hub: RpcEndpoint,
  row: MethodDescriptor,
  self: object,
  receivers: Receivers,
  args: readonly unknown[],
  asked: CallOptions | undefined,
): Promise<Detailed<unknown>> {
  const through = new Through(chain, hub, row, self, receivers, args, asked);
  const value = await through.run();
  return { value, metadata: through.call.replyMetadata ?? {} };
}
