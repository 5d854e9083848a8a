import { withoutPassword } from './address.js';
import type { Address } from './contract.js';
import { UsageError } from './errors.js';
import { outerOf } from './misplaced-option.js';
import { nearest } from './unknown-option.js';

/** The plug-ins of one kind. */
export interface KnownNames {
  readonly kind: string;
  readonly aliases: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  /** Those that only other builds have. */
  readonly elsewhere: readonly string[];
}

/** The error for a name that no plug-in has: what was meant, and which there are. Loaded when there is one. */
export function unknownName(address: Address, { kind, aliases, names: own, elsewhere }: KnownNames): UsageError {
  const { scheme, rest } = address;
  const text = withoutPassword(outerOf(address)?.text ?? address.text);
  const isTransport = kind === 'transport';
  const others = isTransport ? Object.keys(aliases).filter((name) => !name.endsWith('+')) : [];
  const names = [...own, ...others.filter((name) => own.includes(aliases[name] as string))].sort();
  const known = names.join(', ');
  if (elsewhere.includes(scheme))
    return new UsageError(
      `"${text}" needs the transport "${scheme}", which exists in Node, Bun and Deno and not in browsers; there are ${known}`,
    );
  const isHost = isTransport && /^\d{1,5}(\/|$)/.test(rest);
  const meant = isHost ? undefined : meantBy(scheme, names, (name) => own.includes(aliases[name] ?? name));
  const list = `${meant === undefined ? '; there' : `; did you mean ${meant}? There`} are ${known}`;
  const asHost = isHost ? `; write a host and a port as in tcp://${text} or ws://${text}` : '';
  return new UsageError(`unknown ${kind} "${scheme}" in "${text}"${list}${asHost}`);
}

/** What a misspelt name means. */
function meantBy(scheme: string, names: readonly string[], has: (name: string) => boolean): string | undefined {
  const [name = '', inner] = scheme.split('+');
  if (inner === undefined) return nearest(name, names);
  if (has(`${inner}+`)) return `${inner}+${name}`;
  const outer = nearest(name, names);
  return outer !== undefined && has(`${outer}+`) ? `${outer}+${inner}` : undefined;
}
