import 'obverse/dynamic';
import { ConnectionLost, isRemote, registerCodec, UsageError } from 'obverse';
import { transfer } from 'obverse/codecs/clone';
import msgpack from 'obverse/codecs/msgpack';
import { enterRooms } from './rooms.js';
import { answer, Desk, Taken } from './spec.js';

type Far = Awaited<ReturnType<typeof dial>>;
const { host } = (globalThis as unknown as { location: { host: string } }).location;
const dial = (where: Parameters<typeof Desk.connect>[0], codec: string) =>
  Desk.connect<Desk>(where, { invert: true, codec, errorClasses: [Taken] });
const thrown = (given: Promise<unknown>): Promise<Error> =>
  given.then(
    () => new Error('it worked'),
    (error) => error,
  );

/** What must work over every transport. */
async function converse(far: Far): Promise<Record<string, unknown>> {
  const told: string[] = [];
  far.told.connect((_desk, { text }) => void told.push(text));
  far.ask.connect((_desk, { question }) => `${question} Yes.`);
  const many = Array.from({ length: 200 }, (_, a) => far.remote.add({ a, b: 1 }));
  const taken = await thrown(far.remote.fail({ registered: true }));
  const other = await thrown(far.remote.fail({ registered: false }));
  return {
    sum: (await Promise.all(many)).reduce((sum, each) => sum + each, 0),
    answered: await far.remote.askBack({ question: 'Here?' }),
    told,
    large: ((await far.remote.echo({ value: 'x'.repeat(1_000_000) })) as string).length,
    taken: taken instanceof Taken && `${taken.code} ${taken.message}`,
    other: isRemote(other) && `${other.name}: ${other.message}`,
  };
}

async function all(report: Far): Promise<Record<string, unknown>> {
  const jrpc = await dial(`ws://${host}/jrpc`, 'jrpc');
  const results: Record<string, unknown> = { jrpc: await converse(jrpc) };
  results.hungUp = (await thrown(jrpc.remote.hangUp())) instanceof ConnectionLost;

  results.nobody = (await thrown(dial(`ws://${host}/nobody`, 'jrpc'))) instanceof ConnectionLost;
  const byNode = await thrown(dial('tcp://127.0.0.1:1', 'jrpc'));
  results.byNode = byNode instanceof UsageError && byNode.message.split(';')[0];
  const notGiven = await thrown(dial(`ws://${host}/msgpack`, 'msgpack'));
  results.notGiven = notGiven instanceof UsageError && notGiven.message.split(':')[0];

  registerCodec('msgpack', msgpack);
  const packed = await dial(`ws://${host}/msgpack`, 'msgpack');
  results.msgpack = await converse(packed);
  const value = { date: new Date(0), bytes: new Uint8Array([1, 2, 3]), big: 2n ** 70n, map: new Map([[1, 'a']]) };
  const back = (await packed.remote.echo({ value })) as typeof value;
  results.survived = [
    back.date.getTime(),
    back.bytes instanceof Uint8Array && [...back.bytes],
    back.big.toString(),
    [...back.map],
  ];
  await packed.close();

  const worker = await dial('worker:./far.js', 'clone');
  results.worker = await converse(worker);
  const moved = new Uint8Array(1_000).fill(7);
  const echoed = (await worker.remote.echo({ value: transfer(moved, [moved.buffer]) })) as Uint8Array;
  results.moved = [moved.byteLength, echoed.byteLength, echoed[999]];
  await worker.close();

  results.quit = [];
  for (const by of ['self.close()', 'side.close()'] as const) {
    const quitting = await dial('worker:./far.js', 'clone');
    const error = await thrown(quitting.remote.quit({ by }));
    (results.quit as unknown[]).push(error instanceof ConnectionLost, quitting.peers.size);
    await quitting.close();
  }

  const { port1, port2 } = new MessageChannel();
  const near = await Desk.serve<Desk>({ url: 'port:', port: port1 }, { codec: 'clone', errorClasses: [Taken] });
  answer(near);
  const port = await dial({ url: 'port:', port: port2 }, 'clone');
  results.port = await converse(port);
  await port.close();
  await near.close();

  results.rooms = [await enterRooms(`ws://${host}/rooms`, 'jrpc'), await enterRooms('worker:./far-rooms.js', 'jrpc')];
  const late: unknown[] = [];
  for await (const item of report.streamPath('late', { to: 3 })) late.push(item);
  results.late = late;

  const told = await thrown(report.remote.fail({ registered: true }));
  results.stillThere = told instanceof Taken;
  return results;
}

const report = await dial(`ws://${host}/jrpc`, 'jrpc');
const results = await all(report).catch((error) => ({ failed: String(error?.stack ?? error) }));
report.report(null, { results });
