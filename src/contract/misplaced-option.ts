import type { Address, AddressObject } from './contract.js';
import { nearest } from './unknown-option.js';

/** A transport around another one, such as `reconnect+tcp:`, as its address names it. */
export interface OuterTransport {
  /** The whole address. */
  readonly text: string;
  /** Its name in texts. */
  readonly name: string;
  /** The names of its options, which belong into an object. */
  readonly options: readonly string[];
}

/** Options of the transports that dial again, which others are given where `reconnect` was forgotten. */
const REDIAL: readonly string[] = ['delay', 'tries', 'start'];
const outers = new WeakMap<object, OuterTransport>();
let isSideOption: (name: string) => boolean = () => false;

/** Notes that an address stands within that of another transport: errors about it show the whole. Returns the address. */
export function within<A extends Address | AddressObject>(address: A, outer: OuterTransport | undefined): A {
  if (outer !== undefined) outers.set(address, outer);
  return address;
}

/** The transport around that of an address, if there is one. */
export function outerOf(address: object): OuterTransport | undefined {
  return outers.get(address);
}

/** The core says which options sides have: a plug-in does not know them. */
export function sideOptionsAre(test: (name: string) => boolean): void {
  isSideOption = test;
}

/** The text after the name of an option that an address does not have: where it belongs, or what was meant, and which there are. */
export function insteadOf(name: string, options: readonly string[], outer: OuterTransport | undefined): string {
  const own = options.length === 0 ? 'it has none' : `there are ${options.join(', ')}`;
  const list = outer === undefined ? own : `${own}; ${outer.name} has ${outer.options.join(', ')}`;
  if (outer?.options.includes(name))
    return `, but ${outer.name} has: specify it in an object, as in { url, ${name} }; ${list}`;
  if (isSideOption(name))
    return `: it is an option of the side, in the argument after the address, as in { ${name}: … }; ${list}`;
  if (REDIAL.includes(name))
    return `: it says when to dial again, and belongs to the address reconnect+… in an object, or to the option "reconnect" of the side; ${list}`;
  const meant = nearest(name, [...options, ...(outer?.options ?? [])]);
  return meant === undefined
    ? `; ${list}`
    : `; did you mean ${meant}? ${list.replace(/^./, (first) => first.toUpperCase())}`;
}
