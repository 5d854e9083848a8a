import type { Said } from './about.js';
import type { Bad, Call, Fault, FaultBody, Frame, Id, Message, Reply } from './contract.js';
import { Code, ProtocolError, RpcError } from './errors.js';
import { tooDeep } from './measure.js';
import { refuse } from './references/passes.js';
import type { Session } from './session.js';

/** An error that belongs to no call. */
const nobody = { id: null, batch: undefined };

/** What comes from one peer: frames are decoded, what cannot be read is answered as such, and the rest goes its way. */
export class Inbox {
  private long = false;
  /** The length of the frame that is being read, with everything that is in it. */
  size = 0;
  private bytes = 0;
  private bad = false;
  private badFrames = 0;
  private said: Said | undefined;
  private tagged: Id | undefined;
  private readonly give = (message: Message): void => this.take(message);

  constructor(private readonly session: Session) {}

  /** Decodes a frame; `give` gets its messages, in order. */
  read(frame: Frame, give: (message: Message) => void = this.give): void {
    const { session } = this;
    const { codec, shallow } = session.host;
    // Only what is long enough can be nested too deep: a level costs two letters, or one byte.
    this.long = frame.length > shallow * (typeof frame === 'string' ? 2 : 1);
    this.bad = false;
    this.bytes = this.size = frame.length;
    try {
      codec.decode(frame, give, session.agreed);
    } catch (error) {
      this.unreadable(
        error instanceof ProtocolError ? error : new ProtocolError('Parse error', Code.ParseError, { cause: error }),
      );
    }
    if (this.bad) this.count();
  }

  /** The bytes of the frame that is being read, for the first of its messages that asks. */
  claim(): number {
    const { bytes } = this;
    this.bytes = 0;
    return bytes;
  }

  /** A frame is refused before it is read: it counts as one that cannot be read. */
  refuseFrame(error: ProtocolError): void {
    this.unreadable(error);
    this.count();
  }

  /** A frame as a whole is lost: it is reported, and answered where the codec can. */
  private unreadable(error: ProtocolError): void {
    this.bad = true;
    this.session.host.trouble(this.session, error);
    this.answer({ code: error.code, message: error.message });
  }

  /** One more that could not be read. On a bus nobody is cut off, for another might have sent it in the peer's name. */
  private count(): void {
    const { session } = this;
    if (++this.badFrames > session.host.limits.badFrames && session.link.bus !== true)
      session.end(new ProtocolError(`${this.badFrames} messages in a row could not be read`));
  }

  private answer(error: FaultBody): void {
    const { link, host } = this.session;
    if (host.codec.answersUnreadable && link.bus !== true) this.session.answers.fault(nobody, error);
  }

  /** One message. Never throws: what goes wrong here is no fault of the frame, and those behind it are taken up all the same. */
  take(message: Message): void {
    try {
      this.sort(message);
    } catch (error) {
      const { session } = this;
      session.host.trouble(session, error, message.id);
      if (message.kind === 'call' && message.id !== undefined)
        session.answers.deny(message, new RpcError('Internal error', Code.InternalError));
    }
  }

  private sort(message: Message): void {
    const { session } = this;
    if (session.over !== undefined) return;
    if (message.kind === 'bad') {
      this.refuse(message);
      return;
    }
    this.badFrames = 0;
    switch (message.kind) {
      case 'call':
        if (this.tooDeep(message.args)) {
          if (this.said?.about.tagged === true && message.id === undefined) refuse(session, message.args);
          session.answers.deny(message, this.deep());
        } else if (message.id === undefined && (message.method.startsWith('rpc.') || message.means !== undefined))
          this.extend(message);
        else this.admit(message);
        return;
      case 'reply':
        if (this.tooDeep(message.value)) {
          if (this.tagged === message.id) refuse(session, message.value);
          this.settle(message)?.reject(this.deep());
        } else if (this.tagged !== undefined) this.revive(message);
        else this.settle(message)?.resolve(message.value);
        return;
      default:
        if (this.tooDeep(message.error.data)) this.settle(message)?.reject(this.deep());
        else this.settle(message)?.reject(session.host.fromFault(message.error));
    }
  }

  private refuse(bad: Bad): void {
    this.bad = true;
    this.session.host.trouble(this.session, new ProtocolError(bad.error.message, bad.error.code), bad.id);
    if (bad.batch === undefined && bad.id === null) this.answer(bad.error);
    else this.session.answers.fault(bad, bad.error);
  }

  private tooDeep(value: unknown): boolean {
    if (!this.long) return false;
    const { codec, limits } = this.session.host;
    return tooDeep(value, limits.depth, codec.form === 'values' ? new Set() : undefined);
  }

  private deep(): ProtocolError {
    return new ProtocolError(
      `the message is nested deeper than ${this.session.host.limits.depth} levels`,
      Code.TooLarge,
    );
  }

  private settle(answer: Reply | Fault): { resolve(value: unknown): void; reject(error: unknown): void } | undefined {
    const { session } = this;
    const waiter = session.answered(answer.id);
    if (waiter !== undefined) return waiter;
    if (!session.asked?.wasGivenUp(answer.id)) {
      const text = answer.kind === 'reply' ? 'an answer' : `an error (${answer.error.code}: ${answer.error.message})`;
      session.host.trouble(
        session,
        new ProtocolError(`${text} to a call that nobody has made: id ${JSON.stringify(answer.id)}`),
        answer.id,
      );
    }
    return undefined;
  }

  private extend(call: Call): void {
    const { session } = this;
    const { extensions } = session.host;
    try {
      const { method, args } = call.means ?? call;
      const understood = Object.hasOwn(extensions, method) ? extensions[method]?.(session, args) : undefined;
      // A token of a dialect may be one that the application knows.
      if (call.means !== undefined && (understood === undefined || understood === false)) this.admit(call);
    } catch (error) {
      session.host.trouble(session, error);
    }
  }

  /** Something was said of a message that comes next. */
  expect(said: Said): void {
    this.said = said;
  }

  /** The answer with this id, which comes next, holds values in the tagged form. */
  expectTagged(answer: Id): void {
    this.tagged = answer;
  }

  private revive(reply: Reply): void {
    const { session, tagged } = this;
    this.tagged = undefined;
    let values = reply.value;
    try {
      if (tagged === reply.id) {
        // What was passed with the call may come back: it is held until the call is settled.
        if (session.waiter(reply.id) !== undefined)
          values = session.passing.inward(values, 'result', 'the answer').values;
        else refuse(session, values);
      }
    } catch (error) {
      this.settle(reply)?.reject(error);
      return;
    }
    this.settle(reply)?.resolve(values);
  }

  private admit(call: Call): void {
    const { session, said } = this;
    if (said === undefined) {
      session.admit(call);
      return;
    }
    this.said = undefined;
    if (said.call !== (call.id ?? null)) {
      session.admit(call);
      return;
    }
    call.about = said.about;
    if (said.about.tagged !== true) session.admit(call);
    else {
      let taken: Call;
      try {
        taken = session.passing.taken(call);
      } catch (error) {
        const fault = session.host.toFault(error);
        session.answers.deny(call, error instanceof RpcError ? error : new RpcError(fault.message, fault.code));
        return;
      }
      session.admit(taken);
    }
  }
}
