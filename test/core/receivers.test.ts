import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import jrpc from '../../codecs/jrpc.js';
import {
  Code,
  type Codec,
  ConnectionLost,
  type Gathered,
  incoming,
  outgoing,
  type Peer,
  parseAddress,
  type Receivers,
  RemoteAPI,
  type Reply,
  type RpcError,
  type Sender,
  UsageError,
} from '../../src/index.js';
import { Played, type PlayedLink, turn } from '../support/core-played.js';
import { failure, Log } from '../support/core-waiting.js';

class Spec extends RemoteAPI {
  @incoming tell(_sender: Sender, _args: object): void {}
  @outgoing({ hasReply: true }) ask(_to: Receivers, _args: object): Reply<unknown> {}
  @outgoing news(_to: Receivers, _args: { text: unknown }): void {}
}

/** Counts what it encodes. */
class Counting {
  encodes = 0;
  readonly codec: Codec;
  constructor() {
    const codec = jrpc(parseAddress('jrpc?hello=off'));
    this.codec = {
      ...codec,
      encode: (message) => {
        this.encodes++;
        return codec.encode(message);
      },
    };
  }
}

async function side(...names: string[]) {
  const played = new Played();
  const links = names.map((name) => played.visit(name));
  const counting = new Counting();
  const log = new Log();
  const api = await Spec.connect(played.maker, { codec: counting.codec, logger: log });
  await turn();
  const heard = async () => {
    await turn();
    return links.map((link) => link.heard.length);
  };
  const peer = (name: string) => api.peers.get(name) as Peer;
  return { api, played, links, counting, log, heard, peer };
}
const answer = (link: PlayedLink, rest: object): void => {
  link.say({ jsonrpc: '2.0', id: link.heard.at(-1).id, ...rest });
};
const outcomes = (gathered: readonly Gathered<unknown>[]) =>
  gathered.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as RpcError).code));
const notFound = { error: { code: Code.MethodNotFound, message: 'no such method' } };
const refused = { error: { code: 7, message: 'no' } };

describe('the receivers of a call', () => {
  it('null means every connected peer', async () => {
    const { api, heard } = await side('ann', 'ben', 'cat');
    api.news(null, { text: 'hello' });
    expect(await heard()).toEqual([1, 1, 1]);
  });

  it.each<[string, (peer: (name: string) => Peer) => Receivers, number[]]>([
    ['an id', () => 'ben', [0, 1, 0]],
    ['a peer', (peer) => peer('ben'), [0, 1, 0]],
    ['several ids', () => ['ann', 'cat'], [1, 0, 1]],
    ['an id and a peer', (peer) => ['ann', peer('ben')], [1, 1, 0]],
    ['the same one by every name, once', (peer) => ['ann', peer('ann'), 'ann', 'ben'], [1, 1, 0]],
  ])('accept %s', async (_what, receivers, expected) => {
    const { api, heard, peer } = await side('ann', 'ben', 'cat');
    api.news(receivers(peer), { text: 'hello' });
    expect(await heard()).toEqual(expected);
  });

  it('accept a sender, alone and among others', async () => {
    const { api, links, heard, peer } = await side('ann', 'ben', 'cat');
    api.tell.connect((sender) => api.news(sender, { text: 'to you' }));
    api.tell.connect((sender) => api.news([sender, peer('ben'), sender.peer, sender.id], { text: 'to both' }));
    links[0]?.say({ jsonrpc: '2.0', method: 'tell' });
    expect(await heard()).toEqual([2, 1, 0]);
  });

  it('contain one peer object as long as it is connected, and handlers receive a sender for each call', async () => {
    const { api, links, peer } = await side('ann');
    const senders: Sender[] = [];
    api.tell.connect((sender) => void senders.push(sender));
    for (let n = 0; n < 2; n++) links[0]?.say({ jsonrpc: '2.0', method: 'tell' });
    expect(senders[0]).not.toBe(senders[1]);
    expect(senders.every((sender) => sender.peer === peer('ann'))).toBe(true);
    expect(senders[0]?.id).toBe('ann');
  });

  it('a peer is printed with its id, without internal properties', async () => {
    const { peer } = await side('ann');
    expect(inspect(peer('ann'))).toBe("ConnectedPeer { id: 'ann' }");
    expect(JSON.stringify(peer('ann'))).toBe('{"id":"ann"}');
  });

  it('two peers of one name have different ids', async () => {
    const { api, heard } = await side('ann', 'ann', 'ann');
    expect([...api.peers.keys()]).toEqual(['ann', 'ann~2', 'ann~3']);
    api.news('ann~2', { text: 'hello' });
    expect(await heard()).toEqual([0, 1, 0]);
  });

  it('an unknown id is refused, and nothing is sent to the others either', async () => {
    const { api, heard } = await side('ann', 'ben');
    expect(() => api.news('nobody', { text: '' })).toThrow(ConnectionLost);
    expect(() => api.news(['ann', 'nobody'], { text: '' })).toThrow('no peer is called "nobody"');
    expect(await failure(api.ask(['ann', 'nobody'], {}))).toBeInstanceOf(ConnectionLost);
    expect(await failure(api.gather(['ann', 'nobody']).ask({}))).toBeInstanceOf(ConnectionLost);
    expect(() => api.news('constructor', { text: '' })).toThrow(ConnectionLost);
    expect(await heard()).toEqual([0, 0]);
  });

  it('a peer of another side is refused, and so is its sender', async () => {
    const { api, heard } = await side('ann');
    const other = await side('ann');
    const senders: Sender[] = [];
    other.api.tell.connect((sender) => void senders.push(sender));
    other.links[0]?.say({ jsonrpc: '2.0', method: 'tell' });
    for (const receiver of [other.peer('ann'), senders[0] as Sender, [other.peer('ann')]]) {
      expect(() => api.news(receiver, { text: '' })).toThrow(UsageError);
      expect(await failure(api.ask(receiver, {}))).toBeInstanceOf(UsageError);
    }
    expect(() => api.news(other.peer('ann'), { text: '' })).toThrow('the peer "ann" belongs to another side');
    expect(await heard()).toEqual([0]);
    expect(await other.heard()).toEqual([0]);
  });

  it('a peer that has disconnected throws, and is left out among others', async () => {
    const { api, links, heard, peer } = await side('ann', 'ben');
    const ann = peer('ann');
    links[0]?.receiver.closed();
    expect(() => api.news(ann, { text: '' })).toThrow(ConnectionLost);
    expect(await failure(api.ask(ann, {}))).toBeInstanceOf(ConnectionLost);
    expect(() => api.news([ann], { text: '' })).toThrow(ConnectionLost);
    api.news([ann, 'ben'], { text: 'hello' });
    expect(await heard()).toEqual([0, 1]);
    // A peer that reconnects under the same name is another peer.
    await Promise.resolve();
    expect(() => api.news('ann', { text: '' })).toThrow('no peer is called "ann"');
  });

  it('a notification to no peers, or to an empty list, is sent to nobody', async () => {
    const { api, heard } = await side('ann');
    api.news([], { text: 'nobody' });
    expect(await heard()).toEqual([0]);
    const alone = await side();
    alone.api.news(null, { text: 'nobody' });
    expect(await failure(api.ask([], {}))).toBeInstanceOf(ConnectionLost);
    expect(await failure(alone.api.ask(null, {}))).toBeInstanceOf(ConnectionLost);
    expect(await failure(alone.api.gather(null).ask({}))).toBeInstanceOf(ConnectionLost);
  });

  it('a call before the side is open is refused', async () => {
    const api = Spec.create({ transport: 'memory:never' });
    expect(() => api.news(null, { text: '' })).toThrow(ConnectionLost);
    expect(await failure(api.ask(null, {}))).toBeInstanceOf(ConnectionLost);
  });
});

describe('a notification to several', () => {
  it('is encoded once', async () => {
    const { api, counting, heard } = await side('ann', 'ben', 'cat');
    api.news(null, { text: 'hello' });
    api.news(['ann', 'ben'], { text: 'hello' });
    expect(await heard()).toEqual([2, 2, 1]);
    expect(counting.encodes).toBe(2);
  });

  it('is sent to nobody if it cannot be encoded', async () => {
    const { api, heard } = await side('ann', 'ben');
    expect(() => api.news(null, { text: 1n })).toThrow(UsageError);
    expect(await heard()).toEqual([0, 0]);
  });

  it('reaches the others if it cannot be sent to one peer', async () => {
    const { api, played, links, heard, log } = await side('ann', 'ben');
    const small = played.visit('small', { maxFrame: 100 });
    api.news(null, { text: 'x'.repeat(200) });
    expect(await heard()).toEqual([1, 1]);
    expect(small.heard).toEqual([]);
    expect(log.warnings[0]?.[0]).toBe('obverse: small:');
    expect(log.texts).toEqual(['the message is larger than 100 bytes, the most that the link carries']);
    links[0]?.receiver.closed(new Error('gone'));
    api.news(null, { text: 'short' });
    expect(await heard()).toEqual([1, 2]);
    expect(small.heard.length).toBe(1);
  });
});

describe('a request to several', () => {
  it('is answered by the first success, whatever arrives later', async () => {
    const { api, links, log } = await side('ann', 'ben', 'cat');
    const [ann, ben, cat] = links as [PlayedLink, PlayedLink, PlayedLink];
    const asked = api.ask(null, {});
    await turn();
    answer(ben, refused);
    answer(cat, { result: 'cat' });
    expect(await asked).toBe('cat');
    answer(ann, { result: 'ann' });
    await turn();
    expect(log.warnings).toEqual([]);
  });

  it('fails when all have failed', async () => {
    const { api, links } = await side('ann', 'ben');
    const [ann, ben] = links as [PlayedLink, PlayedLink];
    const asked = failure(api.ask(null, {}));
    await turn();
    answer(ann, refused);
    ben.receiver.closed();
    expect(await asked).toMatchObject({ code: 7 });
  });

  it.each([
    ['one is', [notFound, refused], 7],
    ['one is, in the other order', [refused, notFound], 7],
    ['all are', [notFound, notFound], Code.MethodNotFound],
  ])('is answered with method-not-found only if all answers are that: %s', async (_name, answers, code) => {
    const { api, links } = await side('ann', 'ben');
    const asked = failure(api.ask(['ann', 'ben'], {}));
    await turn();
    for (const [n, given] of answers.entries()) answer(links[n] as PlayedLink, given);
    expect(await asked).toMatchObject({ code });
  });

  it('fails at once if it cannot be encoded', async () => {
    const { api, heard } = await side('ann', 'ben');
    expect(await failure(api.ask(null, { n: 1n }))).toBeInstanceOf(UsageError);
    expect(await heard()).toEqual([0, 0]);
  });

  it('fails if nobody answers in time', async () => {
    const { api } = await side('ann', 'ben');
    expect(await failure(api.to(null, { timeout: 10 }).ask({}))).toMatchObject({ code: Code.Timeout });
  });
});

describe('gather', () => {
  it('returns the answers of all peers, in the order of the receivers', async () => {
    const { api, links, peer } = await side('ann', 'ben', 'cat');
    const [ann, ben, cat] = links as [PlayedLink, PlayedLink, PlayedLink];
    const gathered = api.gather(['cat', 'ann', 'ben', peer('cat')]).ask({});
    const peers = ['cat', 'ann', 'ben'].map(peer);
    await turn();
    answer(ann, { result: 1 });
    answer(ben, refused);
    cat.receiver.closed(new Error('gone'));
    expect((await gathered).map(({ peer }) => peers.indexOf(peer))).toEqual([0, 1, 2]);
    expect(outcomes(await gathered)).toEqual([Code.ConnectionLost, 1, 7]);
  });

  it('reports a peer that has already disconnected like one that could not answer', async () => {
    const { api, links, peer } = await side('ann', 'ben');
    const ann = peer('ann');
    links[0]?.receiver.closed();
    const gathered = api.gather([ann, 'ben']).ask({});
    await turn();
    answer(links[1] as PlayedLink, { result: 2 });
    expect(outcomes(await gathered)).toEqual([Code.ConnectionLost, 2]);
    expect((await gathered)[0]?.peer === ann).toBe(true);
    expect(outcomes(await api.gather(ann).ask({}))).toEqual([Code.ConnectionLost]);
  });

  it('reports a peer that does not answer in time', async () => {
    const { api, links } = await side('ann', 'ben');
    const gathered = api.gather(null, { timeout: 20 }).ask({});
    await turn();
    answer(links[0] as PlayedLink, { result: 1 });
    expect(outcomes(await gathered)).toEqual([1, Code.Timeout]);
  });
});
