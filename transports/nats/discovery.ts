import type { Msg } from '@nats-io/nats-core';
import type { NatsPlan } from './address.js';
import { USUAL_BEAT } from './beats.js';
import type { NatsClient } from './client.js';
import { isAnswerable } from './reply.js';

/** The kinds of questions, and the names of their answers. */
const TYPES = { PING: 'ping_response', INFO: 'info_response', STATS: 'stats_response' } as const;

/**
 * Answers the service discovery of NATS: `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`, for all services, for those of a name and for one
 * instance. `nats micro ls` lists the sides that serve.
 */
export class Discovery {
  private readonly name: string;
  private readonly started = new Date().toISOString();
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(
    private readonly plan: NatsPlan,
    private readonly client: NatsClient,
    /** How many messages were received. */
    private readonly received: () => number,
  ) {
    this.name = plan.subject.replace(/[^\w-]/g, '_');
  }

  async open(): Promise<void> {
    const types = Object.keys(TYPES) as (keyof typeof TYPES)[];
    for (const type of types) {
      for (const place of [[type], [type, this.name], [type, this.name, this.client.shown]]) {
        const subject = ['$SRV', ...place].join('.');
        this.stops.push(this.client.listen(subject, (message) => this.answer(type, message)));
      }
    }
    await this.client.flush();
  }

  close(): void {
    for (const stop of this.stops.splice(0)) void stop();
  }

  private answer(type: keyof typeof TYPES, { reply }: Msg): void {
    if (!isAnswerable(reply, this.plan.subject)) return;
    const { subject, queue, beat = USUAL_BEAT } = this.plan;
    const endpoint = { name: this.name, subject, ...(queue !== undefined && { queue_group: queue }) };
    const one = {
      name: this.name,
      id: this.client.shown,
      version: '0.0.0',
      metadata: { library: 'obverse', beat: `${beat}` },
    };
    const more = {
      PING: {},
      INFO: { description: '', endpoints: [endpoint] },
      STATS: {
        started: this.started,
        endpoints: [
          {
            ...endpoint,
            num_requests: this.received(),
            num_errors: 0,
            last_error: '',
            processing_time: 0,
            average_processing_time: 0,
          },
        ],
      },
    }[type];
    this.client.publish(reply, JSON.stringify({ type: `io.nats.micro.v1.${TYPES[type]}`, ...one, ...more }), undefined);
  }
}
