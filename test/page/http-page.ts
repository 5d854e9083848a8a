import 'obverse/all';
import { callShelf } from '../http/served/spec.js';

/* What a test calls in a page: `talk.call(url)`, and `talk.listen(url)` for an EventSource. */

/** Resolves with the text of the first notification. `listening` is called when it is connected. */
async function listen(url: string): Promise<unknown> {
  const events = new EventSource(url);
  try {
    return await new Promise((resolve, reject) => {
      events.onmessage = ({ data }) => resolve(JSON.parse(String(data)));
      events.onerror = () => reject(new Error('the EventSource has failed'));
      events.onopen = async () => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'told', params: { text: 'hello' } });
        await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      };
    });
  } finally {
    events.close();
  }
}

(globalThis as { talk?: unknown }).talk = {
  call: (url: string) => callShelf(url).catch((error: Error) => `${error.name}: ${error.message}`),
  listen,
};
