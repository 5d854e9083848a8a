import { type Headers, headerOf } from './http-exchange.js';

/** What a proxy says of a request that it has forwarded. */
export interface Forwarded {
  /** The address of the client, as the proxy has seen it. */
  readonly for?: string;
  /** The scheme that the client has used: `https`. */
  readonly proto?: string;
  /** The `Host` that the client has sent. */
  readonly host?: string;
  /** The proxy. */
  readonly by?: string;
}

const NAMES = ['for', 'proto', 'host', 'by'] as const;
const PAIR = /^\s*(for|proto|host|by)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s";,]*))\s*$/i;

/**
 * What the nearest proxy has added: the last element of `Forwarded`, or the last values of `X-Forwarded-*`. What stands before comes from
 * whoever sent the request to it, and can be forged.
 */
export function forwardedIn(headers: Headers): Forwarded | undefined {
  const standard = headerOf(headers, 'forwarded');
  const found: { -readonly [N in keyof Forwarded]: string } = {};
  if (standard !== undefined) {
    for (const pair of split(split(standard, ',').at(-1) ?? '', ';')) {
      const [, name = '', quoted, plain] = PAIR.exec(pair) ?? [];
      if (name !== '') found[name.toLowerCase() as keyof Forwarded] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    }
  } else {
    for (const name of NAMES) {
      const value = headerOf(headers, `x-forwarded-${name}`)?.split(',').at(-1)?.trim();
      if (value !== undefined && value !== '') found[name] = value;
    }
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The parts of a text between separators outside quotes. */
function split(text: string, separator: string): string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === '"') quoted = !quoted;
    if (letter === separator && !quoted) parts.push('');
    else {
      parts.push(`${parts.pop()}${letter}${quoted && letter === '\\' ? (text[++at] ?? '') : ''}`);
    }
  }
  return parts;
}
