import assert from 'node:assert/strict';
import { numbered } from './service-ends.js';
import type { ServiceTest } from './service-test.js';
import { textOf, turn, until } from './transport-ends.js';

/** The test that needs `interrupt`. */
export const INTERRUPTION = 'is away while the connection is interrupted, and delivers afterwards what was sent';

/** The requirements for the ends of servers and clients, and for everything that is sent to all. */
export function testServiceClosing(test: ServiceTest): void {
  test('gives a retired server no more calls, and carries the answers of those that it has', async (place) => {
    const servers = await place.serveAll(2);
    const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]];
    const client = await place.connect();
    await place.reach(client, servers);
    if (first.transport.retire === undefined) return;
    await first.transport.retire();
    await first.transport.retire();
    const had = first.heard.length;
    const later = numbered('later', 50);
    for (const text of later) client.call(text);
    await until(
      () => 'the calls at the other server',
      () => later.every((text) => second.texts.includes(text)),
    );
    assert.equal(first.heard.length, had, 'a server has received a call after retire()');
    const [asked] = first.heard;
    asked?.end.link.send([place.frame('answer')]);
    await client.has(1);
    assert.deepEqual(client.texts, ['answer']);
    client.heard[0]?.end.link.send([place.frame('more')]);
    await first.has(had + 1);
    assert.equal(first.texts.at(-1), 'more');
    for (const { ends } of [...first.ends, ...client.ends]) assert.deepEqual(ends, []);
  });

  test('loses no call that is sent while a server retires', async (place) => {
    const servers = await place.serveAll(2);
    const client = await place.connect();
    await place.reach(client, servers);
    const calls = numbered('call', 600);
    let retiring: Promise<void> | undefined;
    for (const [at, text] of calls.entries()) {
      client.call(text);
      if (at === 300) retiring = servers[0]?.transport.retire?.();
      if (at % 20 === 0) await turn();
    }
    await retiring;
    const came = () => servers.flatMap(({ texts }) => texts).filter((text) => text.startsWith('call'));
    await until(
      () => `${calls.length} calls, ${came().length} are there`,
      () => came().length >= calls.length,
    );
    assert.deepEqual(came().sort(), [...calls].sort());
    assert.deepEqual(client.service.outcomes, []);
  });

  test('gives the calls to the others when a server is closed, and reports the end of its link', async (place) => {
    const servers = await place.serveAll(2);
    for (const [at, server] of servers.entries()) server.answer = (text) => `${at} answers ${text}`;
    const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]];
    const client = await place.connect();
    await client.has(await place.reach(client, servers));
    const member = client.heard.find(({ text }) => text.startsWith('0'))!.end;
    const other = client.heard.find(({ text }) => text.startsWith('1'))!.end;
    await first.transport.retire?.();
    await first.close();
    await member.ended();
    assert.equal(member.ends.length, 1);
    await client.has(client.heard.length + (await place.reach(client, [second])));
    assert.deepEqual([client.service.ends, other.ends], [[], []]);
    assert.deepEqual(client.service.outcomes, []);
  });

  test('ends its links when a client is closed, and those at the servers', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const [client, other] = [await place.connect(), await place.connect()];
    for (const each of [client, other]) await each.has(await place.reach(each, servers));
    const closing = client.transport.close();
    await client.transport.close();
    await closing;
    for (const { ends, link } of client.ends) assert.deepEqual(ends, [undefined], `the link to ${link.peer}`);
    await until(
      () => 'the ends of its links at the servers',
      () => servers.every((server) => server.ends.filter(({ ends }) => ends.length > 0).length === 1),
    );
    await other.has(other.heard.length + (await place.reach(other, servers)));
    for (const { ends } of other.ends) assert.deepEqual(ends, []);
  });

  test('ends the links of members with the link to the service, once, however often that is closed', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const client = await place.connect();
    await client.has(await place.reach(client, servers));
    const { link } = client.service;
    const reason = new Error('for a reason');
    link.close(reason);
    link.close();
    await until(
      () => 'the ends of all links',
      () => [client, ...servers].every((party) => party.ends.every(({ ends }) => ends.length > 0)),
    );
    assert.equal(client.service.ends[0], reason);
    client.call('after the end');
    client.notify('after the end');
    link.withdraw?.(1, [place.frame('after the end')]);
    for (const { link } of client.ends) {
      link.send([place.frame('after the end')]);
      link.pause();
      link.resume();
      link.close();
      assert.ok(Number.isFinite(link.buffered));
    }
    const late = await place.connect();
    await place.reach(late, servers);
    for (const { texts } of servers) assert.ok(!texts.includes('after the end'));
  });

  test('goes on when the link of one member is closed by the client', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const client = await place.connect();
    await client.has(await place.reach(client, servers));
    const member = client.heard[0]!.end;
    member.link.close();
    await member.ended();
    await until(
      () => 'the end of the link at its server',
      () => servers.some((server) => server.ends.some(({ ends }) => ends.length > 0)),
    );
    const heard = client.heard.length;
    await client.has(heard + (await place.reach(client, servers)));
    assert.deepEqual(client.service.ends, []);
    // What is called afterwards is answered over a new link.
    for (const { end } of client.heard.slice(heard)) assert.notEqual(end, member);
  });

  test('sends what a server broadcasts to each client exactly once, also to one that has not called', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const callers = [await place.connect(), await place.connect()];
    for (const caller of callers) await caller.has(await place.reach(caller, servers));
    const clients = [...callers, await place.connect()];
    if (servers[0]?.transport.broadcast === undefined) return;
    const texts = servers.flatMap((_, at) => numbered(`news of ${at},`, 20));
    for (const text of texts) servers[text.includes('of 0') ? 0 : 1]?.transport.broadcast?.([place.frame(text)]);
    const news = (client: (typeof clients)[0]) => client.texts.filter((text) => text.startsWith('news'));
    for (const client of clients) {
      await until(
        () => `${texts.length} broadcasts, ${news(client).length} are there`,
        () => news(client).length >= texts.length,
      );
    }
    // What would come twice has come after this.
    for (const server of servers) server.transport.broadcast?.([place.frame('last')]);
    for (const client of clients) {
      await until(
        () => 'the last broadcasts',
        () => client.texts.filter((text) => text === 'last').length >= 2,
      );
      assert.deepEqual(news(client).sort(), [...texts].sort());
      const { frames, publications } = client.service;
      // Otherwise a peer that may send to all could answer calls.
      assert.deepEqual(frames, publications, 'the link to the service gets by receive() what was sent to everybody');
    }
    for (const { texts } of servers) assert.ok(!texts.some((text) => text.startsWith('news')));
  });

  test(INTERRUPTION, async (place) => {
    const server = await place.serve();
    server.answer = (text) => (text.startsWith('wave') ? `hello ${text}` : undefined);
    const client = await place.connect();
    await client.has(await place.reach(client, [server]));
    const [asked, member] = [server.heard[0]!.end, client.heard[0]!.end];
    const links = [client.service.link, member.link, asked.link];
    assert.deepEqual(
      links.map(({ away }) => away === true),
      [false, false, false],
    );
    const restore = await place.subject.interrupt!();
    const [calls, answers] = [numbered('call', 30), numbered('answer', 30)];
    try {
      await until(
        () => '`away` of all links',
        () => links.every(({ away }) => away === true),
      );
      for (const text of calls) client.call(text);
      asked.link.send(answers.map((text) => place.frame(text)));
    } finally {
      await restore();
    }
    await until(
      () => 'what was sent, and the end of `away`',
      () =>
        links.every(({ away }) => away !== true) &&
        calls.every((text) => server.texts.includes(text)) &&
        answers.every((text) => client.texts.includes(text)),
    );
    // What would come twice has come after this.
    await client.has(client.heard.length + (await place.reach(client, [server])));
    assert.deepEqual(
      asked.frames.map(textOf).filter((text) => text.startsWith('call')),
      calls,
    );
    assert.deepEqual(
      member.frames.map(textOf).filter((text) => text.startsWith('answer')),
      answers,
    );
    assert.deepEqual(client.service.outcomes, []);
    for (const { ends } of [client.service, member, asked]) assert.deepEqual(ends, []);
  });
}
