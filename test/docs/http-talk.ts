import type { Serve, Served } from './wire-talk.js';

/*
 * Plays the conversations over HTTP of docs/wire.md: `> POST Name: value; Name: value` and its body, `<` the status and the type of the
 * response, and the lines of its body. `# told: …` has the side call `told` for all its peers.
 */

/** Plays the lines, and returns them with what has really been answered. */
export async function playedOverHttp(codec: string, code: string, serve: Serve): Promise<string> {
  const side = await serve('http://127.0.0.1:0', { codec, dials: false });
  const stop = new AbortController();
  const listeners: ReadableStreamDefaultReader<string>[] = [];
  const out: string[] = [];
  const lines = code.trimEnd().split('\n');
  try {
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] as string;
      if (line.startsWith('#')) {
        out.push(line);
        (side as Served & { told(to: null, args: object): void }).told(null, { text: 'hello' });
        for (const reader of listeners) out.push(...(await nextEvent(reader)));
      } else if (/^> [A-Z]+\b/.test(line)) {
        out.push(line);
        const [, method = '', headers = ''] = /^> (\S+) ?(.*)$/.exec(line) ?? [];
        const body = method === 'POST' ? lines[++at] : undefined;
        if (body !== undefined) out.push(body);
        const response = await fetch(side.address, {
          method,
          headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...headersIn(headers) },
          ...(body !== undefined && { body: body.slice(2) }),
          signal: stop.signal,
        });
        const type = response.headers.get('content-type');
        out.push(`< ${response.status}${type === null ? '' : ` ${type}`}`);
        if (method === 'GET' && response.status === 200)
          listeners.push(
            (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).getReader(),
          );
        else out.push(...shown(await response.text()));
      }
    }
  } finally {
    stop.abort();
    await side.close();
  }
  return `${out.join('\n')}\n`;
}

function headersIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('; ')
      .filter((one) => one !== '')
      .map((one) => one.split(': ') as [string, string]),
  );
}

/** The lines of a body, without those that are empty, and comments of a stream of events. */
function shown(text: string): string[] {
  return (
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(':'))
      // What is wrong with JSON is said by the runtime.
      .map((line) => `< ${line.replace(/(Parse error: ).*(?="}})/, '$1…')}`)
  );
}

async function nextEvent(reader: ReadableStreamDefaultReader<string>): Promise<string[]> {
  let text = '';
  while (!/^data: .*\n\n/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream of events has ended');
    text += value;
  }
  return shown(text);
}
