import type { Bad, Batch, Call, Fault, FaultBody, Frame, Id, Message, Reply } from '../contract/contract.js';
import { Code, ProtocolError, RpcError } from '../contract/errors.js';
import { BadMessages, unexpectedAnswer } from './bad-messages.js';
import { HeldFrame, hold, WEIGHED } from './held-frame.js';
import { InboundQueue, type InboundQueueOwner } from './inbound-queue.js';
import { denyTooDeep, lose } from './lost-messages.js';
import { nestedTooDeep, tooDeep } from './message-size.js';
import type { ReplyHandler } from './pending-calls.js';
import { STEP, TurnShare } from './turn-share.js';
import { isUnderstood } from './understood.js';
import { UnreadableFrame, wrongWith } from './unreadable-frame.js';

/** An error that belongs to no call. */
const nobody = { id: null, batch: undefined };

/** So many bytes of a frame take as long as a message. */
const MESSAGE_BITS = 13;

/** What the inbox needs of its session. */
export interface InboxOwner extends InboundQueueOwner {
  answered(id: Id): ReplyHandler | undefined;
  admit(call: Call): void;
}

/** What comes from one peer: frames are decoded, what cannot be read is answered as such, and the rest goes its way. */
export class Inbox {
  /** What waits to be dispatched; undefined while nothing has to wait. */
  queue: InboundQueue | undefined;
  /** After how many messages to ask whether this turn has dispatched enough. */
  private left = STEP;
  private step = STEP;
  private share: TurnShare | undefined;
  /** A frame or message that is longer than this may be nested too deep. */
  private threshold = 0;
  /** Whether what is dispatched may be nested too deep. */
  private long = false;
  /** The length of the frame that is being read, with everything that is in it. */
  size = 0;
  private bytes = 0;
  /** The frame that is being read. */
  private reading: Frame | undefined;
  bad: BadMessages | undefined;
  /** The rest of the frame is dropped. */
  private enough = false;
  /** The frame that is being read, if it is long enough to be weighed. */
  weight: HeldFrame | undefined;
  /** The batch whose rest is dropped. */
  private cut: Batch | undefined;
  private tagged: Id | undefined;
  private readonly give = (message: Message, bytes?: number, levels?: number): boolean => {
    this.long = levels === undefined ? (bytes ?? this.size) > this.threshold : levels > this.session.host.shallow;
    return this.take(message);
  };

  constructor(private readonly session: InboxOwner) {}

  /** A frame has arrived. */
  receive(frame: Frame): void {
    const { traffic } = this.session.host.load;
    traffic.framesReceived++;
    traffic.bytesReceived += frame.length;
    if (this.queue === undefined) this.open(frame);
    else this.queue.add(frame);
  }

  /** What waits to be dispatched; made now. */
  get held(): InboundQueue {
    this.queue ??= new InboundQueue(this.session);
    return this.queue;
  }

  /** Runs `job` once all that has come was dispatched, which may be at once; never, if the link ends for a reason before. */
  whenDelivered(job: () => void): void {
    if (this.queue === undefined) job();
    else this.queue.whenDelivered(job);
  }

  /** A frame is at its turn. */
  open(frame: Frame): void {
    const { sealing } = this.session;
    if (sealing !== undefined) sealing.receive(frame);
    else this.read(frame);
  }

  /** Decodes a frame; `give` gets its messages, in order, and gives false once no more of them are wanted. */
  read(frame: Frame, give: (message: Message, bytes?: number) => boolean = this.give): void {
    const { session } = this;
    const { codec, shallow } = session.host;
    // Only what is long enough can be nested too deep: a level costs two letters, or one byte.
    this.threshold = shallow * (typeof frame === 'string' ? 2 : 1);
    this.long = frame.length > this.threshold;
    this.bad?.begin();
    this.enough = false;
    this.bytes = this.size = frame.length;
    this.reading = frame;
    this.left -= frame.length >> MESSAGE_BITS;
    if (frame.length >= WEIGHED || session.load.isLoaded) this.weight = new HeldFrame(session.load, frame);
    try {
      codec.decode(frame, give, session.agreed);
    } catch (thrown) {
      const error = new UnreadableFrame(thrown, wrongWith(session.link, frame));
      if (this.queue?.blocked) this.queue.keep(error);
      else this.next(error);
    }
    this.reading = undefined;
    this.weight = undefined;
    if (this.cut?.left === 0) this.session.answers.complete(this.cut);
    this.cut = undefined;
  }

  /** The bytes of the frame that is being read, for the first of its messages that asks. */
  claim(): number {
    const { bytes } = this;
    this.bytes = 0;
    return bytes;
  }

  /** A call begins to wait, or to work for longer than this turn: its frame counts for as long. Most calls never get here. */
  weigh(call: Call): void {
    if (call.held === undefined) hold(call, this.weight);
    call.held?.take();
  }

  /** A frame as a whole is lost, or refused before it is read: it is reported, and answered where the codec can. */
  unreadable(error: ProtocolError): void {
    const { session } = this;
    if (session.over !== undefined) return;
    session.host.trouble(session, error);
    this.answer({ code: error.code, message: error instanceof UnreadableFrame ? error.told : error.message });
    this.unreadables.count(error.message);
  }

  private get unreadables(): BadMessages {
    this.bad ??= new BadMessages(this.session);
    return this.bad;
  }

  private answer(error: FaultBody): void {
    const { link, host } = this.session;
    if (host.codec.answersUnreadable && link.bus !== true) this.session.answers.fault(nobody, error);
  }

  /** The codec has read a message. Gives false if no more of the frame is wanted: the link has ended, or is about to. */
  take(message: Message): boolean {
    const { queue } = this;
    if (this.session.over !== undefined || this.enough) return false;
    if (message.kind === 'bad') this.judge(message);
    if (queue?.blocked) {
      // Its own length is not kept with it: it is looked into as if it were as long as the frame.
      this.long = this.size > this.threshold;
      queue.keep(message);
    } else {
      this.dispatch(message);
      if (--this.left <= 0) this.look();
    }
    return true;
  }

  /** The last one that is counted ends the link, or the frame on a bus. What follows is neither read nor reported. */
  private judge(bad: Bad): void {
    this.enough = this.unreadables.read();
    if (this.enough) this.cut = bad.batch;
    if (this.reading !== undefined) bad.read = wrongWith(this.session.link, this.reading);
  }

  /** A message is at its turn, or the error that has ended the reading of its frame. */
  next(message: Message | ProtocolError): void {
    // Not by `instanceof`, which walks the prototypes of each message.
    if ('kind' in message) this.dispatch(message);
    else this.unreadable(message);
    if (--this.left <= 0) this.look();
  }

  /** Whether enough was dispatched in this turn. */
  private look(): void {
    this.share ??= new TurnShare();
    const next = this.share.spend(this.step);
    this.left = this.step = next === 0 ? this.share.next : next;
    if (next !== 0 || this.session.over !== undefined) return;
    this.held.yieldTurn();
  }

  /** Never throws: what goes wrong here is no fault of the frame, and those behind it are taken up all the same. */
  private dispatch(message: Message): void {
    const { session } = this;
    try {
      if (message.kind === 'bad') {
        this.refuse(message);
        return;
      }
      this.bad?.interrupt();
      if (session.sealing?.refuses(message)) this.session.about.forget(message.id);
      else if (message.kind === 'call') {
        if (this.long && this.tooDeep(message.args)) denyTooDeep(session, message);
        else if (message.id === undefined && (message.method.startsWith('rpc.') || message.means !== undefined))
          this.extend(message);
        else this.admit(message);
      } else if (message.kind === 'fault') this.failed(message);
      else if (this.long && this.tooDeep(message.value)) this.tooDeepAnswer(message);
      else if (this.tagged !== undefined) this.revive(message);
      else this.settle(message)?.resolve(message.value);
    } catch (error) {
      session.host.trouble(session, error, message.id);
      if (message.kind !== 'call' || message.id === undefined) return;
      const refusal = new RpcError('Internal error: the call could not be taken up', Code.InternalError);
      session.answers.deny(message, refusal);
    }
  }

  private tooDeepAnswer(reply: Reply): void {
    const { session } = this;
    if (this.tagged === reply.id) session.host.mapper.discard(session, reply.value);
    this.tagged = undefined;
    this.settle(reply)?.reject(nestedTooDeep(session.host.limits.depth));
  }

  private failed(fault: Fault): void {
    const { host } = this.session;
    this.tagged = undefined;
    const deep = this.long && this.tooDeep(fault.error.data);
    this.settle(fault)?.reject(deep ? nestedTooDeep(host.limits.depth) : host.fromFault(fault.error));
  }

  private refuse(bad: Bad): void {
    const { code, message } = bad.error;
    const error = new ProtocolError(bad.read === undefined ? message : `${message}: ${bad.read}`, code);
    this.session.host.trouble(this.session, error, bad.id);
    lose(this.session, bad, error);
    this.session.about.forget(bad.id);
    if (bad.batch === undefined && bad.id === null) this.answer(bad.error);
    else this.session.answers.fault(bad, bad.error);
    this.unreadables.count(error.message);
  }

  private tooDeep(value: unknown): boolean {
    const { codec, limits } = this.session.host;
    return tooDeep(value, limits.depth, codec.form === 'values' ? new Set() : undefined);
  }

  private settle(answer: Reply | Fault): { resolve(value: unknown): void; reject(error: unknown): void } | undefined {
    const { session } = this;
    const waiter = session.answered(answer.id);
    if (waiter !== undefined) return waiter;
    if (!session.asked?.wasGivenUp(answer.id)) {
      session.host.trouble(session, unexpectedAnswer(answer), answer.id);
    }
    return undefined;
  }

  private extend(call: Call): void {
    try {
      if (!isUnderstood(this.session, call)) this.admit(call);
    } catch (error) {
      this.session.host.trouble(this.session, error);
    }
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
          values = session.values.inward(values, 'result', 'the answer').values;
        else session.host.mapper.discard(session, values);
      }
    } catch (error) {
      this.settle(reply)?.reject(error);
      return;
    }
    this.settle(reply)?.resolve(values);
  }

  private admit(call: Call): void {
    const { session } = this;
    const about = this.session.about.said === undefined ? undefined : this.session.about.take(call);
    if (about !== undefined) call.about = about;
    if (about?.tagged !== true) session.admit(call);
    else {
      let taken: Call;
      try {
        taken = session.values.taken(call);
      } catch (error) {
        session.answers.deny(call, session.host.mapper.refusal(error));
        return;
      }
      session.admit(taken);
    }
  }
}
