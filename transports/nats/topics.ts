import type { Frame } from '../../src/contract/contract.js';
import { Code, ConnectionLost, ProtocolError } from '../../src/contract/errors.js';
import { mustBeSubject } from './address.js';
import type { NatsClient } from './client.js';
import type { NatsFrames } from './frames.js';
import type { Outage } from './outage.js';
import type { Unconfirmed } from './unconfirmed.js';

/** What topics need of their transport. */
export interface TopicHost {
  readonly address: string;
  readonly away: boolean;
  readonly frames: NatsFrames;
  readonly outage: Outage;
  readonly unconfirmed: Unconfirmed;
}

/** Sends messages to topics. What the server has not confirmed has a bound, and what is beyond it is refused. */
export class NatsTopics {
  fresh = 0;
  asked = 0;
  readonly isOver = false;
  readonly receiver = undefined;

  /** `most`: how many bytes may wait. */
  constructor(
    private readonly host: TopicHost,
    private readonly client: NatsClient,
    private readonly subject: string,
    private readonly most: number,
  ) {}

  /** The subject of a topic. Throws a UsageError if it cannot be one. */
  subjectOf(topic: string): string {
    mustBeSubject(topic);
    return `${this.subject}._topic.${topic}`;
  }

  /**
   * Sends one message. Throws a UsageError for a wrong topic, a ProtocolError for a message that is larger than the server allows, and
   * ConnectionLost if too much waits: it was not sent then.
   */
  publish(topic: string, frames: readonly Frame[]): void {
    const to = this.subjectOf(topic);
    const { host, client, most } = this;
    const body = host.frames.together(frames);
    if (body.length > client.maxPayload)
      throw new ProtocolError(
        `the message to the topic "${topic}" is larger than the ${client.maxPayload} bytes of the server`,
        Code.TooLarge,
      );
    if (
      this.fresh + this.asked + body.length > most ||
      (host.away && !host.outage.keep({ to, body, reply: undefined }))
    )
      throw new ConnectionLost(
        `a message to the topic "${topic}" was not sent: ${most} bytes wait already (limits.bufferedBytes); await flush() from time to time`,
        { maybeExecuted: false },
      );
    if (host.away) return;
    host.unconfirmed.add(this, body.length);
    client.publish(to, body, undefined);
  }
}
