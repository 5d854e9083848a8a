/** A server announces that it serves under a name. */
export interface Advertisement {
  readonly method: 'advertise';
  readonly name: string;
  /** Where to connect to; `*` as the host is the address that the datagram came from. */
  readonly address: string;
  /** Of the server: the same in all its messages. */
  readonly id: string;
}

/** What is sent to the group: a client seeks the servers of a name, a server advertises itself, a server departs. */
export type GroupMessage =
  | { readonly method: 'seek'; readonly name: string }
  | Advertisement
  | { readonly method: 'depart'; readonly name: string; readonly id: string };

/** The largest datagram that is read: it passes any network in one piece. */
const DATAGRAM_BYTES = 1_200;

const NAME = /^[\w.-]{1,64}$/;
const ID = /^[\w-]{8,64}$/;
const HOST = String.raw`(?:\*|[\w.-]{1,253}|\[[0-9a-f:.]{2,45}(?:%25?\w{1,32})?\])`;
/** Only networks, and no option but the framing: an address that anybody may send must not run a program or turn off a check. */
const ADDRESS = new RegExp(
  String.raw`^(tcp|tls|wss?|https?)://(${HOST}):(\d{1,5})(/[\w./~%-]{0,256})?(\?framing=\w{1,16})?$`,
  'i',
);

/** Whether a name can be announced. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

/** The parts of an address that can be announced; undefined if it cannot. */
export function readAnnounced(
  address: string,
): { readonly scheme: string; readonly host: string; with(host: string): string } | undefined {
  const [, scheme = '', host = '', port = '', path = '', query = ''] = ADDRESS.exec(address) ?? [];
  if (scheme === '' || Number(port) > 65_535) return undefined;
  return {
    scheme: scheme.toLowerCase(),
    host,
    with: (other) => `${scheme.toLowerCase()}://${other}:${port}${path}${query}`,
  };
}

/** A message as a datagram: a notification of JSON-RPC. */
export function written({ method, ...params }: GroupMessage): Uint8Array {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params }));
}

/** The message in a datagram; undefined for anything else: anybody can send datagrams to a group. */
export function read(datagram: Uint8Array): GroupMessage | undefined {
  if (datagram.length > DATAGRAM_BYTES) return undefined;
  let params: unknown;
  let method: unknown;
  try {
    ({ method, params } = JSON.parse(Buffer.from(datagram).toString('utf8')) as Record<string, unknown>);
  } catch {
    return undefined;
  }
  if (typeof params !== 'object' || params === null) return undefined;
  const { name, id, address } = params as Record<string, unknown>;
  if (typeof name !== 'string' || !NAME.test(name)) return undefined;
  if (method === 'seek') return { method, name };
  if (typeof id !== 'string' || !ID.test(id)) return undefined;
  if (method === 'depart') return { method, name, id };
  if (method !== 'advertise' || typeof address !== 'string' || readAnnounced(address) === undefined) return undefined;
  return { method, name, id, address };
}
