import assert from 'node:assert/strict';
import type { Form } from '../contract/contract.js';
import { numbered } from './service-ends.js';
import type { ServiceTest } from './service-test.js';

const BIG = 1024 * 1024;

/** The requirements for the frames of calls and answers, in one form. */
export function testServiceFrames(test: ServiceTest, form: Form): void {
  test(
    'delivers the form that was sent, and every character and every byte of it',
    async (place) => {
      const text = 'ASCII, \u0001\t, é, ж, 漢字, 😀, \u2028, \uFFFD';
      const bytes = Uint8Array.from({ length: 1_024 }, (_, n) => n & 255);
      const frame = form === 'bytes' ? bytes : place.frame(text);
      const server = await place.serve();
      const client = await place.connect();
      client.dispatchFrames([frame], 1);
      await server.has(1);
      const [asked] = server.heard;
      asked?.end.link.send([frame]);
      await client.has(1);
      for (const { heard } of [server, client]) {
        const [came] = heard[0]?.end.frames ?? [];
        if (form === 'bytes') {
          assert.ok(came instanceof Uint8Array);
          assert.deepEqual(new Uint8Array(came), bytes);
        } else {
          assert.equal(typeof came === 'string', form === 'text');
          assert.equal(heard[0]?.text, text);
        }
      }
    },
    form,
  );

  test(
    'carries frames up to its own maxFrame, in calls and in answers',
    async (place) => {
      const server = await place.serve();
      const client = await place.connect();
      const { maxFrame = BIG } = client.service.link;
      const call = counted(Math.min(BIG, maxFrame));
      client.call(call);
      await server.has(1);
      // Not equal(): on failure it would compare a million characters one by one.
      assert.ok(server.texts[0] === call, `a call of ${call.length} came as ${server.texts[0]?.length}`);
      const { link } = server.heard[0]!.end;
      const answer = counted(Math.min(BIG, link.maxFrame ?? BIG));
      link.send([place.frame(answer)]);
      await client.has(1);
      assert.ok(client.texts[0] === answer, `an answer of ${answer.length} came as ${client.texts[0]?.length}`);
    },
    form,
  );

  test(
    'keeps a header and its message together, and gives them to one server',
    async (place) => {
      const sealed = { sealed: true };
      const servers = await place.serveAll(3, sealed);
      const client = await place.connect(sealed);
      for (let n = 1; n <= 60; n++) client.dispatch([`header ${n}`, `call ${n}`], n);
      await place.reach(client, servers);
      const came = servers.map(({ texts }) => texts.filter((text) => !text.startsWith('wave')));
      const pairs = came.flatMap((texts) =>
        texts.flatMap((text, at) => (at % 2 === 0 ? [`${text}, ${texts[at + 1]}`] : [])),
      );
      const expected = Array.from({ length: 60 }, (_, n) => `header ${n + 1}, call ${n + 1}`);
      assert.deepEqual(pairs.sort(), expected.sort());
    },
    form,
  );

  test(
    'keeps the frames of one send in order, in both directions between a client and a member',
    async (place) => {
      const server = await place.serve();
      server.answer = (text) => (text === 'call' ? 'answer' : undefined);
      const client = await place.connect();
      client.call('call');
      await client.has(1);
      const there = server.heard[0]!.end;
      const here = client.heard[0]!.end;
      const [down, up] = [numbered('down', 500), numbered('up', 500)];
      there.link.send(down.map((text) => place.frame(text)));
      here.link.send(up.map((text) => place.frame(text)));
      await Promise.all([client.has(501), server.has(501)]);
      assert.deepEqual(client.texts.slice(1), down);
      assert.deepEqual(server.texts.slice(1), up);
    },
    form,
  );
}

/** A text of this length in which every part differs from its neighbours. */
function counted(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += `${n} `;
  return text.slice(0, length);
}
