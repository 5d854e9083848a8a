import type { AddressObject, Reply, Sender } from '../../../src/index.js';
import { type Adapter, Service } from '../../contestant.js';

/** The package as users import it. The types are those of the sources, which exist before anything is built. */
const packageName: string = 'obverse';
const { incoming, RemoteAPI } = (await import(packageName)) as typeof import('../../../src/index.js');

/** The contract of the benchmark, with positional arguments like all contestants. */
export class Adder extends RemoteAPI {
  @incoming({ hasReply: true, allowPositionalArgs: true })
  add(_sender: Sender, _a: number, _b: number): Reply<number> {}

  @incoming({ allowPositionalArgs: true })
  note(_sender: Sender, _n: number): void {}

  @incoming({ hasReply: true }) counted(_sender: Sender): Reply<number> {}

  @incoming({ hasReply: true, allowPositionalArgs: true })
  bytes(_sender: Sender, _value: Uint8Array): Reply<Uint8Array> {}

  @incoming({ hasReply: true, allowPositionalArgs: true })
  echo(_sender: Sender, _value: unknown): Reply<unknown> {}
}

/** Serves the contract at an address; returns the address to connect to. */
export async function serve(address: string, codec: string): Promise<string> {
  const service = new Service();
  // The other contestants do not limit what they receive.
  const side = await Adder.serve(address, { codec, limits: { frameBytes: 64 * 1024 * 1024 } });
  side.add.connect((_sender, a, b) => service.add(a, b));
  side.note.connect((_sender, n) => service.note(n));
  side.counted.connect(() => service.counted());
  side.bytes.connect((_sender, value) => service.bytes(value));
  side.echo.connect((_sender, value) => service.echo(value));
  return side.address;
}

/**
 * Obverse over a transport that listens at `address`; `dialed` converts the server's address to that for the client.
 */
export function obverse(
  address: string,
  codec: string,
  dialed: (served: string) => string | AddressObject = (served) => served,
): Adapter {
  return { serve: () => serve(address, codec), connect: (served) => connect(dialed(served), codec) };
}

/** The client of the contract. */
export async function connect(address: string | AddressObject, codec: string): ReturnType<Adapter['connect']> {
  const side = await Adder.invert().connect(address, { codec });
  const { remote } = side;
  return {
    add: (a, b) => remote.add(a, b),
    note: (n) => remote.note(n),
    counted: () => remote.counted(),
    bytes: (value) => remote.bytes(value),
    echo: (value) => remote.echo(value),
    close: () => side.close(),
  };
}
