import type { Codec } from '../../src/contract/contract.js';
import { codec } from '../../src/index.js';

/** A JSON-RPC message, as far as it is inspected. */
export interface Seen {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly code: number };
}

/** A codec of JSON, with everything that it has written and read. */
export interface Tapped {
  readonly codec: Codec;
  readonly sent: Seen[];
  readonly heard: Seen[];
}

/** The codec of JSON with this name, tapped. */
export async function tapped(name: string): Promise<Tapped> {
  const plain = await codec(name);
  const [sent, heard]: [Seen[], Seen[]] = [[], []];
  const tap: Codec = {
    ...plain,
    encode: (message) => {
      const frame = plain.encode(message);
      sent.push(JSON.parse(frame as string) as Seen);
      return frame;
    },
    decode: (frame, give, packed) => {
      heard.push(JSON.parse(frame as string) as Seen);
      plain.decode(frame, give, packed);
    },
  };
  return { codec: tap, sent, heard };
}
