import assert from 'node:assert/strict';
import { numbered, type ServiceEnd, type TestPeer } from './service-ends.js';
import type { ServiceTest } from './service-test.js';
import { turn, until } from './transport-ends.js';

/** The requirements for calls to a service, for their answers, and for calls back. */
export function testCalls(test: ServiceTest): void {
  test('gives each call to exactly one server', async (place) => {
    const servers = await place.serveAll(4);
    const client = await place.connect();
    const sent = numbered('call', 200);
    for (const text of sent) client.call(text);
    for (const text of numbered('notification', 50)) {
      client.notify(text);
      sent.push(text);
    }
    const came = (): string[] => servers.flatMap(({ texts }) => texts);
    await until(
      () => `${sent.length} calls, ${came().length} are there`,
      () => came().length >= sent.length,
    );
    // What would come twice has come after this.
    await place.reach(client, servers);
    const calls = came().filter((text) => !text.startsWith('wave'));
    assert.deepEqual(calls.sort(), sent.sort());
  });

  test('gives each of four servers a share of the calls', async (place) => {
    const servers = await place.serveAll(4);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const client = await place.connect();
    for (let n = 0; n < 40; n++) {
      for (const text of numbered(`call ${n}`, 10)) client.call(text);
      await client.has(10 * (n + 1));
    }
    const counts = servers.map(({ heard }) => heard.length);
    // At random, it is 100 with a deviation of 9.
    for (const count of counts) assert.ok(count >= 40, `of 400 calls, the servers have received ${counts.join(', ')}`);
  });

  test('keeps the order of what a client sends to one server', async (place) => {
    const servers = await place.serveAll(2);
    const client = await place.connect();
    const count = 2_000;
    for (let n = 0; n < count; n++) {
      // Different sizes, in bursts.
      const text = `${n} `.padEnd(n % 7 === 0 ? 2_000 : 10, '.');
      if (n % 3 === 0) client.notify(text);
      else client.call(text);
      if (n % 100 === 99) await turn();
    }
    await until(
      () => `${count} calls`,
      () => servers.reduce((sum, { heard }) => sum + heard.length, 0) >= count,
    );
    for (const { texts } of servers) {
      const numbers = texts.map((text) => Number.parseInt(text, 10));
      const wrong = numbers.findIndex((number, at) => at > 0 && number <= (numbers[at - 1] as number));
      assert.equal(wrong, -1, `call ${numbers[wrong]} has arrived after call ${numbers[wrong - 1]}`);
    }
  });

  test('delivers the answers of each server over one link of its own, which names the service', async (place) => {
    const servers = await place.serveAll(3);
    for (const [at, server] of servers.entries()) server.answer = (text) => `${at} answers ${text}`;
    const client = await place.connect();
    const sent = (await place.reach(client, servers)) + 30;
    for (const text of numbered('call', 30)) client.call(text);
    await client.has(sent);
    const { link } = client.service;
    const ends = servers.map((_, at) => endsOf(client, (text) => text.startsWith(`${at} `)));
    for (const [at, set] of ends.entries())
      assert.equal(set.size, 1, `the answers of server ${at} came over ${set.size} links`);
    const members = [...new Set(ends.flatMap((set) => [...set]))];
    assert.equal(members.length, 3, 'answers of different servers came over the same link');
    for (const member of members) {
      assert.equal(member.link.service, link, 'the link of an answer does not name the link of the service');
      assert.notEqual(member.link.anycast, true);
    }
    const peers = [link, ...members.map((member) => member.link)].map(({ peer }) => peer);
    assert.equal(new Set(peers).size, 4, `not all different: ${peers.join(', ')}`);
  });

  test('names no link in `service` but its own link to the service', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const clients = [await place.connect(), await place.connect()];
    for (const client of clients) await client.has(await place.reach(client, servers));
    for (const client of clients) {
      const others = client.ends.filter((end) => end !== client.service);
      assert.deepEqual(
        others.filter(({ link }) => link.service !== client.service.link),
        [],
      );
    }
    for (const { ends } of servers)
      for (const { link } of ends) assert.equal(link.service, undefined, 'the link of a server names a service');
  });

  test('returns from dispatch the link over which the answer comes, or nothing', async (place) => {
    const servers = await place.serveAll(3);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const client = await place.connect();
    const calls = numbered('call', 60).map((text) => {
      const { member } = client.call(text);
      return { text, member, wasThere: client.ends.some(({ link }) => link === member) };
    });
    await client.has(calls.length);
    for (const { text, member, wasThere } of calls) {
      if (member === undefined) continue;
      assert.ok(wasThere, 'dispatch() has returned a link that was not accepted');
      assert.equal(client.whereIs(`answer to ${text}`)?.link, member, `${text} was answered over another link`);
    }
  });

  test('gives each of several clients the answers to its own calls, whose ids are equal', async (place) => {
    const servers = await place.serveAll(2);
    for (const server of servers) server.answer = (text) => `answer to ${text}`;
    const clients = [await place.connect(), await place.connect(), await place.connect()];
    for (let id = 1; id <= 100; id++) for (const [at, client] of clients.entries()) client.call(`${at} asks ${id}`, id);
    for (const [at, client] of clients.entries()) {
      await client.has(100);
      const expected = Array.from({ length: 100 }, (_, n) => `answer to ${at} asks ${n + 1}`);
      assert.deepEqual(client.texts.sort(), expected.sort());
    }
    for (const { ends, heard } of servers) {
      // Each client has a link of its own at each server.
      for (const end of ends) {
        const callers = new Set(heard.filter((each) => each.end === end).map(({ text }) => text[0]));
        assert.equal(callers.size, 1, `calls of clients ${[...callers].join(' and ')} came over the same link`);
      }
      assert.equal(ends.length, 3);
    }
  });

  test('lets servers call back the clients, with equal ids, and each answer reaches its own server', async (place) => {
    const servers = await place.serveAll(2);
    const clients = [await place.connect(), await place.connect(), await place.connect()];
    // A call is answered by a call with the same text from everybody, and that by its answer.
    for (const [at, server] of servers.entries())
      server.answer = (text) => (text.startsWith('reply') ? undefined : `ask 1 of ${at}`);
    for (const [at, client] of clients.entries()) client.answer = (text) => `reply of ${at} to ${text}`;
    const sent: number[] = [];
    for (const client of clients) sent.push(await place.reach(client, servers));
    const all = sent.reduce((sum, each) => sum + each, 0);
    const replies = (server: TestPeer) => server.heard.filter(({ text }) => text.startsWith('reply'));
    await until(
      () => `${all} replies`,
      () => servers.reduce((sum, server) => sum + replies(server).length, 0) >= all,
    );
    for (const [at, server] of servers.entries()) {
      const byEnd = new Map<ServiceEnd, Set<string>>();
      for (const { end, text } of replies(server)) byEnd.set(end, (byEnd.get(end) ?? new Set()).add(text));
      const texts = [...byEnd.values()].map((set) => [...set]);
      const expected = clients.map((_, client) => [`reply of ${client} to ask 1 of ${at}`]);
      assert.deepEqual(texts.sort(), expected.sort());
    }
  });

  test('lets a client cancel a call at the server that has it', async (place) => {
    const servers = await place.serveAll(3);
    for (const server of servers) server.answer = (text) => (text.startsWith('wave') ? `hello ${text}` : undefined);
    const [client, other] = [await place.connect(), await place.connect()];
    for (const each of [client, other]) await each.has(await place.reach(each, servers));
    for (const text of numbered('call', 30)) {
      const { id, member } = client.call(text);
      const cancel = [place.frame(`cancel ${text}`)];
      if (member !== undefined) member.send(cancel);
      else {
        const { link } = client.service;
        assert.ok(link.withdraw !== undefined, 'dispatch() returns no link, and there is no withdraw()');
        link.withdraw(id, cancel);
      }
    }
    for (const text of numbered('call', 30)) {
      const has = (each: TestPeer): boolean => each.whereIs(text) !== undefined;
      await until(
        () => `${text}, and that it is cancelled`,
        () => servers.some((server) => has(server) && server.whereIs(`cancel ${text}`) !== undefined),
      );
      const server = servers.find(has) as TestPeer;
      const cancelled = server.heard.filter((each) => each.text === `cancel ${text}`);
      assert.equal(cancelled.length, 1, `${text} was cancelled ${cancelled.length} times`);
      // Over another link it would be another client that cancels.
      assert.equal(cancelled[0]?.end, server.whereIs(text));
      assert.ok(server.texts.indexOf(text) < server.texts.indexOf(`cancel ${text}`), `${text} was cancelled too early`);
    }
  });

  test('cancels calls by withdraw, if it has it, before anybody has answered', async (place) => {
    const server = await place.serve();
    const client = await place.connect();
    const { link } = client.service;
    if (link.withdraw === undefined) return;
    const { id } = client.call('call');
    link.withdraw(id, [place.frame('cancel')]);
    await server.has(2);
    assert.deepEqual(server.texts, ['call', 'cancel']);
    assert.equal(server.whereIs('cancel'), server.whereIs('call'));
  });
}

/** The links over which a client has received such texts. */
function endsOf({ heard }: TestPeer, fits: (text: string) => boolean): Set<ServiceEnd> {
  return new Set(heard.filter(({ text }) => fits(text)).map(({ end }) => end));
}
