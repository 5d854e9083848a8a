import assert from 'node:assert/strict';
import type { Form, Frame, Link, Transport } from '../contract/contract.js';
import type { ServiceCase } from './service-case.js';
import { type WireOptions, wireFor } from './transport-case.js';
import { End, frameOf, textOf, until } from './transport-ends.js';

/** The result of a dispatched call, as the transport reports it. */
export interface Outcome {
  readonly id: number;
  readonly answer: readonly Frame[] | Error;
}

/** One end of a link of a service: it records what arrives, and the outcomes of calls. */
export class ServiceEnd extends End {
  readonly outcomes: Outcome[] = [];
  /** The frames of `published`. */
  readonly publications: Frame[] = [];

  published(frame: Frame): void {
    this.publications.push(frame);
    this.receive(frame);
  }

  outcome(id: number, answer: readonly Frame[] | Error): void {
    this.outcomes.push({ id, answer });
  }
}

/** What has arrived, and over which link. */
export interface Heard {
  readonly end: ServiceEnd;
  readonly text: string;
}

/** A server or a client without the core: the suite plays the receivers of its links. */
export class TestPeer {
  readonly ends: ServiceEnd[] = [];
  /** Everything that has arrived, in order, whichever the link. */
  readonly heard: Heard[] = [];
  /** What to send back, over the same link, for what arrives; undefined: nothing. */
  answer: (text: string, end: ServiceEnd) => string | undefined = () => undefined;
  private isClosed = false;

  constructor(
    readonly transport: Transport,
    readonly form: Form,
  ) {}

  open(): Promise<void> {
    return this.transport.open((link) => {
      const end = new ServiceEnd(link);
      this.ends.push(end);
      end.onFrame = (frame) => {
        const text = textOf(frame);
        this.heard.push({ end, text });
        const answer = this.answer(text, end);
        if (answer !== undefined) end.link.send([frameOf(this.form, answer)]);
      };
      link.admitted?.();
      return end;
    });
  }

  get texts(): string[] {
    return this.heard.map(({ text }) => text);
  }

  /** Resolves when so much has arrived. */
  async has(count: number): Promise<void> {
    await until(
      () => `${count} frames at ${this.transport.address}, ${this.heard.length} are there`,
      () => this.heard.length >= count,
    );
  }

  /** Where a text has arrived; undefined if it has not. */
  whereIs(text: string): ServiceEnd | undefined {
    return this.heard.find((each) => each.text === text)?.end;
  }

  /** Closes the transport, and checks that the end of each link was reported once. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.transport.close();
    for (const { ends, late, link } of this.ends) {
      assert.equal(ends.length, 1, `closed was called ${ends.length} times for the link to ${link.peer}`);
      assert.equal(late, 0, `the link to ${link.peer} delivered something after its end`);
    }
  }
}

/** One that calls. */
export class Client extends TestPeer {
  private lastId = 0;

  /** The link to the service. */
  get service(): ServiceEnd {
    const found = this.ends.find(({ link }) => link.anycast === true);
    assert.ok(found !== undefined, 'after open(), a client has no link with `anycast`');
    return found;
  }

  /** The links to members. */
  get members(): readonly ServiceEnd[] {
    return this.ends.filter(({ link }) => link.service !== undefined);
  }

  /** Sends a call, and returns its id and the link of the server that has it, if the transport knows it. */
  call(text: string, id: number = ++this.lastId): { readonly id: number; readonly member: Link | undefined } {
    return { id, member: this.dispatch([text], id) };
  }

  notify(text: string): void {
    this.dispatch([text], undefined);
  }

  dispatch(texts: readonly string[], id: number | undefined): Link | undefined {
    return this.dispatchFrames(
      texts.map((text) => frameOf(this.form, text)),
      id,
    );
  }

  dispatchFrames(frames: readonly Frame[], id: number | undefined): Link | undefined {
    const { link } = this.service;
    const call = { id, method: 'test', delivery: undefined };
    if (link.choose === undefined) {
      assert.ok(link.dispatch !== undefined, 'a link with `anycast` has dispatch(), or choose()');
      return link.dispatch(frames, call);
    }
    const member = link.choose(call);
    if (!(member instanceof Error)) member.send(frames);
    else if (id !== undefined) this.service.outcome(id, member);
    return member instanceof Error ? undefined : member;
  }

  /** Resolves with the outcome of a call. */
  async outcome(id: number, withinMs?: number): Promise<readonly Frame[] | Error> {
    const find = (): Outcome | undefined => this.service.outcomes.find((each) => each.id === id);
    await until(
      () => `the outcome of call ${id}`,
      () => find() !== undefined,
      withinMs,
    );
    return (find() as Outcome).answer;
  }
}

/** The servers and clients of one test. */
export class Place {
  readonly servers: TestPeer[] = [];
  readonly clients: Client[] = [];
  readonly form: Form;
  /** Other things that the end of the test closes, before servers and clients. */
  readonly others: { close(): Promise<unknown> }[] = [];
  private waves = 0;

  constructor(
    readonly subject: ServiceCase,
    form: Form | undefined = subject.forms?.[0],
  ) {
    this.form = form ?? 'text';
  }

  /** The codec of sides. */
  get codec(): 'jrpc' | 'msgpack' {
    return this.form === 'text' ? 'jrpc' : 'msgpack';
  }

  get addresses(): readonly string[] {
    return this.servers.map(({ transport }) => transport.address);
  }

  frame(text: string): Frame {
    return frameOf(this.form, text);
  }

  async serve(options: WireOptions = {}): Promise<TestPeer> {
    const wire = wireFor({ ...options, form: this.form, listen: true });
    const server = new TestPeer(await this.subject.server(wire), this.form);
    this.servers.push(server);
    await server.open();
    return server;
  }

  async serveAll(count: number, options: WireOptions = {}): Promise<readonly TestPeer[]> {
    const servers: TestPeer[] = [];
    for (let n = 0; n < count; n++) servers.push(await this.serve(options));
    return servers;
  }

  async make(options: WireOptions = {}): Promise<Client> {
    const wire = wireFor({ ...options, form: this.form, listen: false });
    const client = new Client(await this.subject.client(wire, this.addresses), this.form);
    this.clients.push(client);
    return client;
  }

  async connect(options: WireOptions = {}): Promise<Client> {
    const client = await this.make(options);
    await client.open();
    return client;
  }

  /**
   * Sends calls until each of the servers has received one of them: everything that was sent to these servers before has arrived then.
   * Returns the number of calls.
   */
  async reach(client: Client, servers: readonly TestPeer[]): Promise<number> {
    const name = `wave ${++this.waves} of ${client.transport.address}`;
    let sent = 0;
    await until(
      () => `each of ${servers.length} servers to receive one of ${sent} calls`,
      () => {
        if (servers.every(({ texts }) => texts.some((text) => text.startsWith(`${name} `)))) return true;
        // Slower at last: one that is not reached in a thousand calls is reached when it has noticed something, or never.
        if (sent < 1_000) client.call(`${name} ${++sent}`);
        return false;
      },
    );
    return sent;
  }

  async close(): Promise<void> {
    const all = [...this.others, ...this.clients, ...this.servers];
    // All of them, also if one fails: an open handle would keep the runner alive.
    const results = await Promise.allSettled(all.map((each) => each.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** The texts `name 1` to `name count`. */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);
}
