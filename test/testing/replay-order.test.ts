import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { replay, wireFor } from 'obverse/testing';
import { describe, expect, it } from 'vitest';
import { accepting } from '../transports/link-log.js';

/* What a recording contains about the order, and which parts of it hold in a replay. */
const head = { obverse: 'recording', version: 1, form: 'text', codec: 'jrpc' };
const link = { at: 0, peer: 'server', link: { dialed: true } };
const opened = { at: 1, address: 'tcp://server:1' };
const lines = (...steps: object[]): string[] => [head, link, opened, ...steps].map((step) => JSON.stringify(step));
const step = (at: number, way: 'in' | 'out', text: string) => ({ at, peer: 'server', [way]: { text } });
const call = (id: number, method: string) => `{"jsonrpc":"2.0","id":${id},"method":"${method}"}`;
const reply = (id: number, result: string) => `{"jsonrpc":"2.0","id":${id},"result":"${result}"}`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) slow(_sender: Sender): Reply<string> {}
  @incoming({ hasReply: true }) quick(_sender: Sender): Reply<string> {}
  @outgoing({ hasReply: true }) ask(_receivers: Receivers): Reply<string> {}
}

describe('frames that have arrived', () => {
  /** A side whose slow answers need some microtasks, and its quick ones none. */
  async function served(...steps: object[]): Promise<() => void> {
    const replayed = replay(lines(...steps));
    const side = Desk.create({ transport: replayed, codec: 'jrpc?hello=off', logger: null });
    side.slow.connect(async () => {
      for (let ticks = 0; ticks < 20; ticks++) await undefined;
      return 'slow';
    });
    side.quick.connect(() => 'quick');
    await side.open();
    for (let turns = 0; turns < 10; turns++) await turn();
    await side.close();
    return replayed.verify;
  }
  const [slow, quick] = [call(1, 'slow'), call(2, 'quick')];
  const [slowly, quickly] = [reply(1, 'slow'), reply(2, 'quick')];

  it('together arrive together', async () => {
    const verify = await served(
      step(5, 'in', slow),
      step(5, 'in', quick),
      step(6, 'out', quickly),
      step(6, 'out', slowly),
    );
    verify();
  });

  it('one after the other arrive so', async () => {
    const verify = await served(
      step(5, 'in', slow),
      step(6, 'in', quick),
      step(7, 'out', slowly),
      step(7, 'out', quickly),
    );
    verify();
  });

  it('after an answer arrive after it', async () => {
    const steps = [step(5, 'in', slow), step(6, 'out', slowly), step(7, 'in', quick), step(8, 'out', quickly)];
    (await served(...steps))();
    const otherwise = await served(step(5, 'in', slow), step(6, 'out', quickly), step(7, 'in', quick));
    expect(otherwise).toThrow('frame 1 to server is not the one that was recorded');
  });
});

describe('a link of a recording', () => {
  async function opening(...steps: object[]) {
    const replayed = replay(lines(...steps));
    const transport = await replayed(wireFor({ codec: 'jrpc' }));
    const { accept, logs } = accepting();
    await transport.open(accept);
    return { transport, log: logs[0]!, replayed };
  }

  it('holds back what arrives while it is paused', async () => {
    const { transport, log } = await opening(step(5, 'in', 'one'), step(6, 'in', 'two'), step(6, 'in', 'three'));
    log.link.pause();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(log.frames).toEqual([]);
    log.link.resume();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(log.frames).toEqual(['one', 'two', 'three']);
    await transport.close();
    expect(log.ends).toEqual([undefined]);
  });

  it('can send earlier than in the recording, but in its order', async () => {
    const steps = [step(5, 'out', 'a'), step(6, 'in', 'A'), step(7, 'out', 'b'), step(8, 'in', 'B')];
    const { transport, log, replayed } = await opening(...steps);
    log.link.send(['a', 'b']);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(log.frames).toEqual(['A', 'B']);
    await transport.close();
    replayed.verify();
    const other = await opening(...steps);
    other.log.link.send(['b', 'a']);
    const end = await other.log.ended();
    expect(end?.message).toMatch(/frame 1 to server.*recorded: a\n {2}sent: {5}b/s);
    other.log.link.send(['a']);
    expect(other.log.frames).toEqual([]);
  });

  it('shows the difference within a long frame', async () => {
    const long = (what: string): string => `${'x'.repeat(500)}${what}${'y'.repeat(500)}`;
    const { log } = await opening(step(5, 'out', long('old')));
    log.link.send([long('new')]);
    const [, recorded = '', sent = '', mark = ''] = (await log.ended())?.message.split('\n') ?? [];
    expect(recorded).toMatch(/^ {2}recorded: …x+oldy+…$/);
    expect(sent).toMatch(/^ {2}sent: {5}…x+newy+…$/);
    expect(mark.length - 1).toBe(recorded.indexOf('old'));
    expect(recorded.length).toBeLessThan(220);
  });

  it('reports what could not be reached before it was open', async () => {
    const replayed = replay(lines());
    const transport = await replayed(wireFor({ codec: 'jrpc' }));
    await transport.close();
    await expect(transport.open(accepting().accept)).rejects.toThrow('was closed before it was open');
  });
});
