import { showAs } from '../../api/show-as.js';
import { Consumer } from './consumer.js';

/** Lets `console.log` show a stream in a line. */
export function showStreams(): void {
  showAs(Consumer.prototype, ({ upstream }) => (upstream === undefined ? 'Stream' : `Stream ${upstream.title}`));
}
