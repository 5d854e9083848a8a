import { outside } from '../base/async-context.js';
import { parseAddress } from '../contract/address.js';
import type { Stages } from '../contract/codec-stages.js';
import type {
  Address,
  AddressObject,
  Codec,
  CodecFactory,
  Security,
  SecurityFactory,
  Transport,
  TransportFactory,
  TransportMaker,
  TransportSource,
  Wire,
} from '../contract/contract.js';
import { UsageError } from '../contract/errors.js';
import { described } from '../contract/options-object.js';
import type { CodecName, SecurityName } from '../contract/plugin-names.js';

/** Loads the module of a plug-in when an address uses it. */
export type Loader<F> = (address: Address) => Promise<{ readonly default: F }>;

/** The plug-ins of one build of the library. */
export interface Plugins {
  readonly codecs: Readonly<Record<string, Loader<CodecFactory>>>;
  readonly transports: Readonly<Record<string, Loader<TransportFactory>>>;
  readonly securities: Readonly<Record<string, Loader<SecurityFactory>>>;
  /** Makes one codec from others; loaded when a side needs it. If absent, that of the previous build stays. */
  readonly combining?: CodecCombining;
  /** Transports that only other builds of the library have. */
  readonly elsewhere?: readonly string[];
}

/** Makes one codec from others. */
export interface CodecCombining {
  /** One codec that reads what the first one reads, and writes what the second one writes. */
  pair(): Promise<{ codecPair(incoming: Codec, outgoing: Codec): Promise<Codec> }>;
  /** A codec with stages around it. */
  stages(): Promise<{ staged(codec: Codec, stages: Stages): Codec }>;
}

/** The plug-ins of one kind, by name. */
class PluginTable<F> {
  private readonly loaders = new Map<string, Loader<F>>();
  /** Names that only other builds have. */
  elsewhere: readonly string[] = [];

  constructor(
    private readonly kind: string,
    private readonly aliases: Readonly<Record<string, string>>,
  ) {}

  add(name: string, loader: Loader<F>): void {
    if (!/^[a-z][a-z0-9+._-]*$/.test(name))
      throw new UsageError(`"${name}" cannot name a ${this.kind}: expected a lower-case word`);
    this.loaders.set(name, loader);
  }

  has(name: string): boolean {
    return this.loaders.has(name);
  }

  async load(address: Address): Promise<F> {
    const loader = this.find(address.scheme) ?? this.find(address.scheme.replace(/\+.*/, '+'));
    if (loader === undefined) {
      const { kind, aliases, loaders, elsewhere } = this;
      const { unknownName } = await import('../contract/unknown-name.js');
      throw unknownName(address, { kind, aliases, names: [...loaders.keys()], elsewhere });
    }
    return (await loader(address)).default;
  }

  /** A name that ends in a plus is that of a transport around another one: `reconnect+tcp`. */
  private find(name: string): Loader<F> | undefined {
    return this.loaders.get(Object.hasOwn(this.aliases, name) ? (this.aliases[name] as string) : name);
  }
}

const codecs = new PluginTable<CodecFactory>('codec', { jsonrpc: 'jrpc' });
const transports = new PluginTable<TransportFactory>('transport', {
  wss: 'ws',
  https: 'http',
  postgresql: 'postgres',
  'zmq+': 'zmq',
  restart: 'reconnect',
  'reconnect+': 'reconnect',
});
const securities = new PluginTable<SecurityFactory>('security', { blindly_believe_everything: 'user' });

let combining: CodecCombining;

/** Registers the plug-ins of a build; they are loaded when they are first used. */
export function provide(plugins: Plugins): void {
  transports.elsewhere = plugins.elsewhere ?? [];
  combining = plugins.combining ?? combining;
  for (const [name, loader] of Object.entries(plugins.codecs)) codecs.add(name, loader);
  for (const [name, loader] of Object.entries(plugins.transports)) transports.add(name, loader);
  for (const [name, loader] of Object.entries(plugins.securities)) securities.add(name, loader);
}

/**
 * Registers a codec under a name; it replaces an existing one. Throws a UsageError if the name is not a lower-case
 * word.
 */
export function registerCodec(name: string, factory: CodecFactory): void {
  codecs.add(name, async () => ({ default: factory }));
}

/**
 * Registers a transport under the scheme of its addresses; it replaces an existing one. A scheme that ends in a plus, such as `retry+`,
 * is that of a transport around another one: `retry+tcp://host:port`. Throws a UsageError if the scheme is not a lower-case word.
 */
export function registerTransport(scheme: string, factory: TransportFactory): void {
  transports.add(scheme, async () => ({ default: factory }));
}

/**
 * Registers a security under a name; it replaces an existing one. Throws a UsageError if the name is not a lower-case
 * word.
 */
export function registerSecurity(name: string, factory: SecurityFactory): void {
  securities.add(name, async () => ({ default: factory }));
}

/**
 * Returns the codec that a string specifies: `jrpc`, `jrpc?dialect=lsp`, `msgpack`. Rejects with a UsageError if there
 * is none, or if its package is not installed.
 */
export async function codec(source: CodecName | AddressObject): Promise<Codec> {
  const address = parseAddress(source);
  return (await codecs.load(address))(address);
}

/** One codec that reads what the first one reads, and writes what the second one writes. Rejects with a UsageError if they do not fit. */
export async function codecPair(incoming: Codec, outgoing: Codec): Promise<Codec> {
  return (await combining.pair()).codecPair(incoming, outgoing);
}

/** A codec with stages around it. */
export async function stagedCodec(codec: Codec, stages: Stages): Promise<Codec> {
  return (await combining.stages()).staged(codec, stages);
}

/**
 * Returns the security that a string specifies: `user?user=ann`; null for `null`, which adds nothing. Rejects with a
 * UsageError if there is none.
 */
export async function security(source: SecurityName | AddressObject): Promise<Security | null> {
  const address = parseAddress(source);
  return (await securities.load(address))(address);
}

/**
 * Returns the maker of the transport that an address specifies, for the option `transport`. Whether it listens depends
 * on the method that is called, unless the scheme ends in `-server`. Rejects with a UsageError if there is none.
 */
export async function transport(source: TransportSource): Promise<TransportMaker> {
  if (typeof source === 'function') return source;
  const { address, listens } = addressOf(source);
  const factory = await transports.load(address);
  return (wire) => factory(address, listens ? { ...wire, listen: true } : wire);
}

/** Makes a transport for a wire. Rejects with a UsageError if a function makes something else. */
export async function makeTransport(source: TransportSource, wire: Wire): Promise<Transport> {
  const make = await transport(source);
  const made: Partial<Transport> | undefined = await outside(() => make(wire));
  if (typeof made?.open === 'function' && typeof made.close === 'function') return made as Transport;
  throw new UsageError(
    `a transport that is a function must return an object with open() and close(), not ${described(made)}`,
  );
}

/** The address of a source, with short forms of the model expanded. */
function addressOf(source: Exclude<TransportSource, TransportMaker>): { address: Address; listens: boolean } {
  if (Array.isArray(source)) {
    const address = { text: 'mux:', scheme: 'mux', rest: '', options: { parts: source as readonly TransportSource[] } };
    return { address, listens: false };
  }
  const single = source as string | AddressObject;
  if (isPort(single))
    return { address: { text: 'port:', scheme: 'port', rest: '', options: { port: single } }, listens: false };
  const address = parseAddress(single);
  const { scheme } = address;
  if (scheme === 'tcpserv') return { address: { ...address, scheme: 'tcp' }, listens: true };
  if (scheme === 'internal') {
    const options = { bus: 'on', ...address.options };
    return { address: { ...address, scheme: 'memory', rest: address.rest || 'internal', options }, listens: false };
  }
  if (scheme.endsWith('-server') && !transports.has(scheme)) {
    return { address: { ...address, scheme: scheme.slice(0, -'-server'.length) }, listens: true };
  }
  return { address, listens: false };
}

function isPort(source: unknown): boolean {
  return typeof (source as { postMessage?: unknown } | null)?.postMessage === 'function';
}
