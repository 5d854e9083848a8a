import { quote } from '../../src/base/quote.js';
import type { HttpHeaders, HttpProtocol } from '../../src/contract/contract.js';

/** From this version on, each request names its version, and repeats parts of its body as headers. */
const STATELESS = '2026-07-28';
const VERSIONS: readonly string[] = [STATELESS, '2025-11-25', '2025-06-18', '2025-03-26'];

const VERSION = 'mcp-protocol-version';
const METHOD = 'mcp-method';
const NAME = 'mcp-name';
/** The field of `_meta` that names the version. */
const VERSION_FIELD = 'io.modelcontextprotocol/protocolVersion';
/** The methods whose requests have a name, and where it is. */
const NAMED: Readonly<Record<string, 'name' | 'uri'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/** The codes of the protocol. */
const MISMATCH = -32_020;
const UNSUPPORTED = -32_022;
const NOT_FOUND = -32_601;

const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const ENCODED = /^=\?base64\?(.*)\?=$/;

/** A message as far as it is looked at. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly error?: { readonly code?: unknown };
  readonly result?: { readonly protocolVersion?: unknown };
  readonly params?: Readonly<Record<string, unknown>> & { readonly _meta?: Readonly<Record<string, unknown>> };
}

/** The Streamable HTTP of the Model Context Protocol: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http. */
export const mcpHttp: HttpProtocol = {
  session: 'mcp-session-id',
  headersAfter(method, answer) {
    if (method !== 'initialize') return undefined;
    const version = parsed(answer)?.result?.protocolVersion;
    return typeof version === 'string' && /^[\x21-\x7e]{1,100}$/.test(version) ? { [VERSION]: version } : undefined;
  },
  headersFor(body) {
    if (!body.includes(VERSION_FIELD)) return undefined;
    const message = parsed(body);
    const version = versionIn(message);
    if (message === undefined || typeof version !== 'string' || typeof message.method !== 'string') return undefined;
    const name = nameIn(message);
    return {
      [VERSION]: encoded(version),
      [METHOD]: encoded(message.method),
      ...(name !== undefined && { [NAME]: encoded(name) }),
    };
  },
  refusal(headers, body) {
    const version = headers[VERSION];
    // A client of the first version names none.
    if (typeof version !== 'string') return undefined;
    const message = parsed(body);
    if (!VERSIONS.includes(version)) {
      const text = `the ${VERSION} ${quote(version, 50)} is not supported; supported are ${VERSIONS.join(', ')}`;
      return fault(message, UNSUPPORTED, text, { supported: VERSIONS, requested: version.slice(0, 100) });
    }
    if (version < STATELESS || message === undefined) return undefined;
    const wrong =
      mismatch(VERSION, version, versionIn(message)) ??
      mismatch(METHOD, headers[METHOD], message.method) ??
      (nameIn(message) === undefined ? undefined : mismatch(NAME, headers[NAME], nameIn(message)));
    return wrong === undefined ? undefined : fault(message, MISMATCH, wrong);
  },
  statusOf(headers, answer) {
    const isStateless = String(headers[VERSION]) >= STATELESS && VERSIONS.includes(String(headers[VERSION]));
    return isStateless && answer.includes(String(NOT_FOUND)) && parsed(answer)?.error?.code === NOT_FOUND ? 404 : 200;
  },
  takesGet(headers) {
    return !(String(headers[VERSION]) >= STATELESS && headers[VERSION] !== undefined);
  },
};

function parsed(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function versionIn(message: Message | undefined): unknown {
  return message?.params?._meta?.[VERSION_FIELD];
}

function nameIn({ method, params }: Message): string | undefined {
  const field = typeof method === 'string' && Object.hasOwn(NAMED, method) ? NAMED[method] : undefined;
  const name = field === undefined ? undefined : params?.[field];
  return typeof name === 'string' ? name : undefined;
}

/** Why a header does not fit the body; undefined if it does. */
function mismatch(header: string, value: HttpHeaders[string], expected: unknown): string | undefined {
  if (typeof value === 'string' && decoded(value) === expected) return undefined;
  const what = typeof expected === 'string' ? quote(expected, 50) : 'nothing that it could repeat';
  const has = typeof value === 'string' ? `is ${quote(value, 50)}` : 'is absent';
  return `the header ${header} ${has}, and the body has ${what}`;
}

function fault(message: Message | undefined, code: number, text: string, data?: object): string {
  const { id } = message ?? {};
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  return JSON.stringify({ jsonrpc: '2.0', id: known, error: { code, message: text, ...(data && { data }) } });
}

/** A value as a header: what is not plain, or looks as if it were encoded, is encoded. */
function encoded(value: string): string {
  if (PLAIN.test(value) && !ENCODED.test(value)) return value;
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}?=`;
}

function decoded(value: string): string | undefined {
  const [, inner] = ENCODED.exec(value) ?? [];
  if (inner === undefined) return value;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(inner), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
