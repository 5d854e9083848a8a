import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { printable } from '../../../src/base/quote.js';
import { messageOf } from '../../../src/base/thrown.js';
import { ConnectionLost, UsageError } from '../../../src/contract/errors.js';
import { packageError } from '../../../src/contract/optional-package.js';
import { DEAD, type StreamPlan } from './plan.js';

const NAME = '@nats-io/jetstream';
/** Nanoseconds of a millisecond: the unit of the server. */
export const NANOS = 1e6;
/** How many messages of a consumer may be at work at a time, with all its workers. */
const AT_WORK = 10_000;

/** Loads the package. Rejects with a UsageError if it is not installed. */
async function load(): Promise<typeof import('@nats-io/jetstream')> {
  try {
    return await import('@nats-io/jetstream');
  } catch (cause) {
    throw packageError('the option "stream" of nats:', NAME, `npm install ${NAME}`, cause);
  }
}

/**
 * Makes the stream if there is none. Rejects with ConnectionLost if the server keeps no streams, and with a UsageError if the stream does
 * not store the subject.
 */
export async function openStream(connection: NatsConnection, plan: StreamPlan): Promise<JetStreamManager> {
  const { jetstreamManager } = await load();
  let manager: JetStreamManager;
  try {
    manager = await jetstreamManager(connection);
  } catch (cause) {
    throw new ConnectionLost(
      `${plan.address}: the server keeps no streams (${printable(messageOf(cause))}); start it with JetStream: nats-server -js`,
      { cause },
    );
  }
  const { stream, subject, dead, dedupe } = plan;
  const kept = dead === undefined ? [subject.slice(0, -DEAD.length), subject] : [subject, dead];
  const found = await existing(() => manager.streams.info(stream));
  // Two that come at once make the same one.
  const made: Partial<StreamConfig> & { name: string } = {
    name: stream,
    subjects: kept,
    duplicate_window: dedupe * NANOS,
  };
  const { subjects } = (found ?? (await manager.streams.add(made))).config;
  for (const each of dead === undefined ? [subject] : kept)
    if (!subjects.some((pattern) => matches(pattern, each)))
      throw new UsageError(
        `nats: the stream "${stream}" does not store the subject "${each}", only ${subjects.join(', ')}: add it to the stream, or name another stream`,
      );
  return manager;
}

/** Makes the consumer if there is none. Rejects with a UsageError if there is one that does not fit. Resolves with its lease, in ms. */
export async function openConsumer(manager: JetStreamManager, plan: StreamPlan): Promise<number> {
  const { stream, consumer, subject, lease, from } = plan;
  const { AckPolicy, DeliverPolicy } = await load();
  const found = await existing(() => manager.consumers.info(stream, consumer));
  const made: Partial<ConsumerConfig> = {
    durable_name: consumer,
    filter_subject: subject,
    ack_policy: AckPolicy.Explicit,
    ack_wait: lease * NANOS,
    max_deliver: -1,
    max_ack_pending: AT_WORK,
    ...(from === 'all'
      ? { deliver_policy: DeliverPolicy.All }
      : from === 'new'
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
  };
  const { config } = found ?? (await manager.consumers.add(stream, made));
  if (config.ack_policy !== AckPolicy.Explicit || config.filter_subject !== subject)
    throw new UsageError(
      `nats: the consumer "${consumer}" of the stream "${stream}" exists, and has another subject or does not wait for acknowledgements: name another consumer`,
    );
  return (config.ack_wait ?? lease * NANOS) / NANOS;
}

/** What there is of a name; undefined if there is nothing. */
async function existing<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (name === 'StreamNotFoundError' || name === 'ConsumerNotFoundError' || code === 10059 || code === 10014)
      return undefined;
    throw error;
  }
}

/** Whether a subject is one of those that a pattern names. */
export function matches(pattern: string, subject: string): boolean {
  const words = subject.split('.');
  const parts = pattern.split('.');
  for (const [n, part] of parts.entries()) {
    if (part === '>') return words.length > n;
    if (part !== '*' && part !== words[n]) return false;
  }
  return parts.length === words.length;
}
