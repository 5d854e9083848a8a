import type { Frame, Message } from '../contract/contract.js';
import type { ProtocolError } from '../contract/errors.js';
import type { InboundQueue } from './inbound-queue.js';
import type { Session } from './session.js';

/** What a frame filter needs of its session. */
export interface FilteredSession extends Session {
  readonly inbox: {
    readonly queue: InboundQueue | undefined;
    readonly held: InboundQueue;
    read(frame: Frame, give: (message: Message) => boolean): void;
    take(message: Message): boolean;
    unreadable(error: ProtocolError): void;
  };
}
