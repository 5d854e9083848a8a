import { UsageError } from '../../src/contract/errors.js';
import { addressOf, readEndpoint, type ZmqPlan } from './address.js';

/** An endpoint as it was given, and its name, which is another one where a port is free or a host has an address. */
interface Named {
  readonly given: string;
  readonly name: string;
}

/** The endpoints of a side. */
export class ZmqEndpoints {
  /** The address of all of them. */
  address: string;
  private all: readonly Named[];

  constructor(
    given: readonly string[],
    private readonly role: ZmqPlan['role'],
  ) {
    this.all = given.map((each) => ({ given: each, name: each }));
    this.address = addressOf(given, role);
  }

  get names(): readonly string[] {
    return this.all.map(({ name }) => name);
  }

  /** All of them have the names that `name` returns. */
  rename(name: (endpoint: string) => string): void {
    this.replace(this.all.map(({ given }) => ({ given, name: name(given) })));
  }

  /** Reads an endpoint that is to be added. Throws a UsageError for a wrong form, or if the side has it. */
  unknown(text: string): string {
    const endpoint = readEndpoint(text);
    if (this.find(endpoint) !== undefined) throw new UsageError(`${this.address} has ${endpoint} already`);
    return endpoint;
  }

  /** The name of an endpoint. Throws a UsageError for a wrong form, or if the side does not have it. */
  known(text: string): string {
    const endpoint = readEndpoint(text);
    const found = this.find(endpoint);
    if (found === undefined) throw new UsageError(`${endpoint} is none of the endpoints of ${this.address}`);
    return found;
  }

  /** What ends with a star, or with the port 0, was given for a free one, and may be given again. */
  private find(endpoint: string): string | undefined {
    const is = ({ given, name }: Named): boolean =>
      name === endpoint || (given === endpoint && !/^(tcp:.*:(\*|0)|ipc:\/\/\*)$/.test(given));
    return this.all.find(is)?.name;
  }

  add(given: string, name: string): void {
    this.replace([...this.all, { given, name }]);
  }

  remove(name: string): void {
    this.replace(this.all.filter((each) => each.name !== name));
  }

  private replace(all: readonly Named[]): void {
    this.all = all;
    this.address = addressOf(this.names, this.role);
  }
}
