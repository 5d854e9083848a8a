import assert from 'node:assert/strict';
import type { Delivery } from '../contract/contract.js';
import { ConnectionLost, RpcError, UsageError } from '../contract/errors.js';
import type { TestPeer } from './service-ends.js';
import type { ServiceTest } from './service-test.js';
import { until } from './transport-ends.js';

/** How soon, in ms, it is reported that nobody serves; only a defect takes as long. */
const SOON_MS = 5_000;
const DELIVERY: readonly (keyof Delivery)[] = ['key', 'delay', 'priority', 'attempts'];

/** The requirements for the links of a service until there are calls, and where nobody serves. */
export function testServiceOpening(test: ServiceTest): void {
  test('has one link to the service when open has resolved, and can call at once', async (place) => {
    const server = await place.serve();
    const client = await place.connect();
    assert.equal(client.ends.filter(({ link }) => link.anycast === true).length, 1);
    client.call('at once');
    await server.has(1);
    assert.deepEqual(server.texts, ['at once']);
    for (const { transport } of [server, client]) assert.match(transport.address, /^[a-z][a-z0-9+.-]*:/);
  });

  test('says of its links only what agrees with each other', async (place) => {
    const server = await place.serve();
    server.answer = (text) => `answer to ${text}`;
    const client = await place.connect();
    client.call('call');
    await client.has(1);
    const { link } = client.service;
    assert.equal(link.service, undefined, 'a link with `anycast` leads to no member');
    for (const flag of ['brief', 'bus'] as const)
      assert.notEqual(link[flag], true, `a link with \`anycast\` is not \`${flag}\``);
    assert.ok(link.takes === undefined || link.takes === 'calls', `nobody can call over it: it takes ${link.takes}`);
    for (const term of link.keeps ?? []) assert.ok(DELIVERY.includes(term), `"${term}" is no option of delivery`);
    assert.equal(new Set(link.keeps).size, link.keeps?.length ?? 0, 'keeps has an option twice');
    assert.ok(link.callBeat === undefined || link.callBeat > 0);
    const asked = server.heard[0]!.end.link;
    for (const flag of ['brief', 'anycast'] as const) assert.notEqual(asked[flag], true);
    assert.equal(asked.takes, undefined, 'a server calls its clients back');
    // Without reports, every call that takes longer than three beats would be lost.
    if (link.callBeat !== undefined)
      assert.ok(
        asked.callBeat !== undefined && asked.callBeat > 0 && asked.callBeat <= link.callBeat,
        `a client waits for reports each ${link.callBeat} ms, and its server sends them each ${asked.callBeat} ms`,
      );
    if (server.transport.broadcast !== undefined && asked.bus !== true)
      assert.equal(asked.broadcast, true, 'the core would send to this link what broadcast() sends it as well');
  });

  test('rejects open after it was closed, and can be closed without being opened, twice', async (place) => {
    await place.serve();
    const client = await place.make();
    await client.transport.close();
    await client.transport.close();
    await assert.rejects(client.open(), (error: unknown) => {
      assert.ok(error instanceof RpcError || error instanceof UsageError, `not an error of this library: ${error}`);
      return true;
    });
    assert.equal(client.ends.length, 0);
  });

  test('reports the outcome of a call at once if nobody serves: it was not carried out', async (place) => {
    const client = await abandoned(place, []);
    const { id } = client.call('call');
    const outcome = await client.outcome(id, SOON_MS);
    assert.ok(outcome instanceof ConnectionLost, `not a ConnectionLost: ${outcome}`);
    assert.equal(outcome.maybeExecuted, false, 'maybeExecuted is true, and nobody has received the call');
    assert.notEqual(outcome.message, '');
    assert.deepEqual(client.service.ends, [], 'the link to the service has ended');
  });

  test('reports no outcome of a notification that nobody receives', async (place) => {
    const client = await abandoned(place, []);
    client.notify('notification');
    const { id } = client.call('call');
    await client.outcome(id, SOON_MS);
    assert.deepEqual(
      client.service.outcomes.map((outcome) => outcome.id),
      [id],
    );
  });

  test('gives calls to a server that comes after the client', async (place) => {
    const gone: TestPeer[] = [];
    const client = await abandoned(place, gone);
    const { id } = client.call('too early');
    await client.outcome(id, SOON_MS);
    const server = await place.serve();
    await place.reach(client, [server]);
    assert.ok(!server.texts.includes('too early'), 'a call with an outcome was delivered afterwards');
    for (const { heard } of gone) assert.deepEqual(heard, []);
  });
}

/** A client of a service whose only server has left. */
async function abandoned(place: Parameters<Parameters<ServiceTest>[1]>[0], gone: TestPeer[]) {
  const server = await place.serve();
  const client = await place.connect();
  gone.push(server);
  await server.transport.retire?.();
  await server.close();
  await until(
    () => 'the ends of the links to the server that has left',
    () => client.members.every(({ ends }) => ends.length > 0),
  );
  return client;
}
