import { Hidden } from '../../base/hidden.js';
import { isOfFields, tagOf } from '../../base/kinds.js';
import { messageOf } from '../../base/thrown.js';
import { itemsOf, pathTo } from '../../base/value-paths.js';
import type { Codec, Outbound } from '../../contract/contract.js';

/** How many values are looked at, and how many are encoded by themselves, before it stays unknown. */
const LOOKS = 10_000;
const TRIES = 100;
const DEPTH = 200;

/**
 * Why a codec cannot encode a message, for the text of an error: the value that it refuses, where that stands, as `.a[0].b`, and
 * what the codec reports. Never throws. Values that may be meant are given to the codec by themselves, so that it decides.
 */
export function whyUnencodable(codec: Codec, message: Outbound, cause: unknown): string {
  const said = messageOf(cause).split('\n', 1)[0] as string;
  const values = valuesOf(message);
  const path = cause instanceof Hidden ? pathTo(values, cause.refused) : undefined;
  if (path !== undefined) return said.replace(' cannot', path === '' ? '$&' : ` at ${path} cannot`);
  const found = new Search(codec).within(values, '', []);
  if (found === undefined) return said;
  return `${found.what}: ${said}${found.hint ?? ''}`;
}

function valuesOf(message: Outbound): unknown {
  if (message.kind === 'call') return message.named ? message.args[0] : message.args;
  return message.kind === 'reply' ? message.value : message.error.data;
}

interface Found {
  readonly path: string;
  readonly what: string;
  readonly hint?: string;
}

interface Holder {
  readonly value: object;
  readonly path: string;
}

class Search {
  private looks = LOOKS;
  private tries = TRIES;

  constructor(private readonly codec: Codec) {}

  /** Finds what is refused in a value, or the value itself. `holders` are the objects that contain it, from the outermost. */
  within(value: unknown, path: string, holders: readonly Holder[]): Found | undefined {
    if (this.looks-- <= 0 || holders.length > DEPTH) return undefined;
    if (typeof value !== 'object' || value === null) {
      const isSuspect = typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function';
      return isSuspect && this.isRefused(value) ? this.found(`a ${typeof value}`, path) : undefined;
    }
    const again = holders.find((holder) => holder.value === value);
    if (again !== undefined) {
      if (!this.isRefused(value)) return undefined;
      return { path, what: again.path === '' ? `${path} holds itself` : `${path} is ${again.path} again` };
    }
    try {
      return this.inObject(value, path, [...holders, { value, path }]);
    } catch {
      // A proxy that throws, as one that was revoked.
      return this.found('a value that cannot be read', path);
    }
  }

  private inObject(value: object, path: string, holders: readonly Holder[]): Found | undefined {
    if (ArrayBuffer.isView(value)) return undefined;
    const isPlain = isOfFields(value);
    const hasJson = typeof (value as { readonly toJSON?: unknown }).toJSON === 'function';
    if ((!isPlain || hasJson) && !this.isRefused(value)) return undefined;
    for (const [key, read] of itemsOf(value)) {
      // It was called, and not sent.
      if (key === '.toJSON' && hasJson && this.codec.form !== 'values') continue;
      let item: unknown;
      try {
        item = read();
      } catch {
        return { path: path + key, what: `${path + key} throws when it is read` };
      }
      const found = this.within(item, path + key, holders);
      if (found !== undefined) return found;
    }
    return isPlain && !hasJson ? undefined : this.found(`a value of the class ${classOf(value)}`, path);
  }

  private found(what: string, path: string): Found {
    const hint = what !== 'a bigint' ? undefined : this.codec.hello ? TAGGED : ' (send it as a text)';
    return { path, what: path === '' ? what : `${what} at ${path}`, ...(hint !== undefined && { hint }) };
  }

  private isRefused(value: unknown): boolean {
    if (this.tries-- <= 0) return false;
    try {
      this.codec.encode({ kind: 'reply', id: 1, value });
      return false;
    } catch {
      return true;
    }
  }
}

const TAGGED = ' (register standardTypes with the option "types", or send it as a text)';

function classOf(value: object): string {
  const made = value.constructor;
  return (typeof made === 'function' && made.name) || tagOf(value);
}
