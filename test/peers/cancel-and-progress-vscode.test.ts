import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ProgressType,
  ResponseError,
} from 'vscode-jsonrpc/node';
import { failure, Log, until } from '../support/core-waiting.js';
import { type Tapped, tapped } from '../support/tapped.js';

type Job = { steps: number; workDoneToken?: number | string };

/** Who works for whoever asks, and asks for help. */
class Desk extends RemoteAPI {
  @incoming({ hasReply: true }) work(_from: Sender, _args: Job): Reply<string> {}
  @incoming({ hasReply: true }) wait(_from: Sender, _args: object): Reply<string> {}
  @outgoing({ hasReply: true }) help(_to: Receivers, _args: Job): Reply<string> {}
  @outgoing({ hasReply: true }) idle(_to: Receivers, _args: object): Reply<string> {}
}

interface Meeting {
  readonly desk: Side<Desk>;
  readonly far: MessageConnection;
  readonly wire: Tapped;
  readonly log: Log;
  /** What the far side was asked to stop. */
  readonly stopped: unknown[];
}

const steps = new ProgressType<unknown>();
const REQUEST_CANCELLED = -32_800;

const sides: Side<Desk>[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const side of sides.splice(0)) await side.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection of vscode-jsonrpc, which helps step by step, and is idle until it is told to stop. */
function speak(socket: Socket, stopped: unknown[]): MessageConnection {
  sockets.push(socket);
  const far = createMessageConnection(socket, socket);
  far.onRequest('help', async ({ steps: count, workDoneToken }: Job) => {
    for (let step = 1; step <= count; step++) await far.sendProgress(steps, workDoneToken as string, { step });
    return `${count} steps`;
  });
  far.onRequest('idle', (args: object, token: CancellationToken) => {
    return new Promise((resolve) => {
      const stop = (): void => {
        stopped.push(args);
        resolve(new ResponseError(REQUEST_CANCELLED, 'stopped'));
      };
      // A token that is cancelled before the handler runs tells nobody.
      if (token.isCancellationRequested) stop();
      else token.onCancellationRequested(stop);
    });
  });
  far.listen();
  return far;
}

/** A desk that is visited by somebody who has vscode-jsonrpc. */
async function visited(): Promise<Meeting> {
  const [wire, log, stopped] = [await tapped('jrpc?dialect=lsp'), new Log(), []];
  const desk = await Desk.serve('tcp://127.0.0.1:0', { codec: wire.codec, logger: log });
  sides.push(desk);
  const socket = connect(Number(new URL(desk.address).port), '127.0.0.1');
  const met = new Promise((resolve) => desk.on('connect', resolve));
  const far = speak(socket, stopped);
  await met;
  return { desk, far, wire, log, stopped };
}

/** A desk that has connected to a server that has vscode-jsonrpc. */
async function visiting(): Promise<Meeting> {
  const [wire, log, stopped] = [await tapped('jrpc?dialect=lsp'), new Log(), []];
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const met = once(server, 'connection') as Promise<[Socket]>;
  const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const desk = await Desk.connect(address, { codec: wire.codec, logger: log });
  sides.push(desk);
  const far = speak((await met)[0], stopped);
  server.close();
  return { desk, far, wire, log, stopped };
}

describe.each([
  ['visited by', visited],
  ['visiting', visiting],
])('a side %s vscode-jsonrpc', (_way, meet) => {
  it('has its handler told when the call is given up, and answers -32800', async () => {
    const { desk, far, log } = await meet();
    const reasons: unknown[] = [];
    desk.wait.connect(
      (sender) =>
        new Promise((_resolve, reject) => {
          sender.signal.addEventListener('abort', () => {
            reasons.push(sender.signal.reason);
            reject(new Error('stopped'));
          });
        }),
    );
    const source = new CancellationTokenSource();
    const asked = far.sendRequest('wait', {}, source.token);
    // A later call is answered meanwhile: the first one is at work.
    desk.work.connect(() => 'done');
    expect(await far.sendRequest('work', { steps: 0 })).toBe('done');
    expect(reasons).toEqual([]);
    source.cancel();
    const refused = await failure(asked);
    expect(refused).toBeInstanceOf(ResponseError);
    expect(refused).toMatchObject({ code: REQUEST_CANCELLED });
    expect(reasons).toMatchObject([{ name: 'Aborted' }]);
    expect(log.texts).toEqual([]);
  });

  it.each(['token', 7])('tells its progress under the token %j, in order and before the result', async (token) => {
    const { desk, far } = await meet();
    desk.work.connect((sender, { steps: count }) => {
      expect(sender.wantsProgress).toBe(true);
      for (let step = 1; step <= count; step++) sender.progress({ step });
      return 'done';
    });
    const told: unknown[] = [];
    far.onProgress(steps, token, (value) => void told.push(value));
    expect(await far.sendRequest('work', { steps: 3, workDoneToken: token })).toBe('done');
    expect(told).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  });

  it('tells nothing to one who has named no token', async () => {
    const { desk, far, wire } = await meet();
    desk.work.connect((sender) => {
      sender.progress('unheard');
      return String(sender.wantsProgress);
    });
    expect(await far.sendRequest('work', { steps: 1 })).toBe('false');
    expect(wire.sent.map(({ method }) => method)).toEqual([undefined]);
  });

  it.each([
    ['at once', 0],
    ['when it is at work', 1],
  ])('gives its own call up %s, and the far side is told', async (_when, answers) => {
    const { desk, wire, log, stopped } = await meet();
    const gone = new AbortController();
    const asked = desk.to(null, { signal: gone.signal }).idle({ which: 1 });
    // What is answered after the call was sent shows that the call has begun.
    if (answers > 0) await desk.remote.help({ steps: 0 });
    const before = wire.sent.length;
    gone.abort();
    await expect(asked).rejects.toMatchObject({ name: 'Aborted' });
    await until(() => stopped.length === 1);
    expect(wire.sent.slice(before)).toEqual([
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: wire.sent[0]?.id } },
    ]);
    // Its answer has nobody to go to, and is no mistake.
    await until(() => wire.heard.length === answers + 1);
    expect(wire.heard.slice(answers)).toMatchObject([{ id: wire.sent[0]?.id, error: { code: REQUEST_CANCELLED } }]);
    expect(log.texts).toEqual([]);
  });

  it('tells the far side when its time is up', async () => {
    const { desk, stopped } = await meet();
    await expect(desk.to(null, { timeout: 50 }).idle({ which: 2 })).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => stopped.length === 1);
    expect(stopped).toEqual([{ which: 2 }]);
  });

  it('hears of progress, in order and before the result, and each call of its own', async () => {
    const { desk, wire, log } = await meet();
    const told: unknown[][] = [[], []];
    const calls = told.map((mine, at) =>
      desk
        .to(null, { onProgress: (value) => void mine.push(value) })
        .help({ steps: at + 2 })
        .then((result) => [result, mine.length]),
    );
    expect(await Promise.all(calls)).toEqual([
      ['2 steps', 2],
      ['3 steps', 3],
    ]);
    expect(told).toEqual([
      [{ step: 1 }, { step: 2 }],
      [{ step: 1 }, { step: 2 }, { step: 3 }],
    ]);
    expect(wire.sent.map(({ id, params }) => params?.workDoneToken === id)).toEqual([true, true]);
    expect(log.texts).toEqual([]);
  });

  it('reads -32800 as the call that was given up, also where the far side has done so', async () => {
    const { desk, far } = await meet();
    far.onRequest('help', () => new ResponseError(REQUEST_CANCELLED, 'the server has other things to do'));
    await expect(desk.remote.help({ steps: 1 })).rejects.toMatchObject({ code: -32_012 });
  });
});
