import { notInstalled } from '../../api/extension-registry.js';
import type { Topic } from '../../types/peers.js';

/** Undefined until topics are installed. */
let make: ((name: string) => Topic) | undefined;

/** Topics are installed: this makes them. */
export function provideTopics(provided: (name: string) => Topic): void {
  make = provided;
}

/**
 * Everyone who has subscribed to a topic, as the receiver of a notification: `side.said(topic('news.sport'), args)`. The transport
 * specifies what a name may look like. Throws a UsageError for a name that is not a string or is empty, and in a page without
 * `obverse/topics`.
 */
export function topic(name: string): Topic {
  if (make === undefined) throw notInstalled('topics', 'topic()');
  return make(name);
}
