import { showAs } from '../../api/show-as.js';
import { StreamConsumer } from './consumer.js';

/** Lets `console.log` show a stream in a line. */
export function showStreams(): void {
  showAs(StreamConsumer.prototype, ({ request }) => (request === undefined ? 'Stream' : `Stream ${request.title}`));
}
