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

/** A service that works for any peer, and asks it for help. */
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
  /** The calls that the far side was asked to cancel. */
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

/** A connection of vscode-jsonrpc, which helps step by step, and stays idle until it is cancelled. */
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
      // A token that is cancelled before the handler runs has no listener yet.
      if (token.isCancellationRequested) stop();
      else token.onCancellationRequested(stop);
    });
  });
  far.listen();
  return far;
}

/** A desk that serves a client with vscode-jsonrpc. */
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

/** A desk that has connected to a server with vscode-jsonrpc. */
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
  it("aborts the handler's signal when the call is cancelled, and answers -32800", async () => {
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
    // A later call is answered meanwhile: the first one is running.
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

  it.each(['token', 7])('reports its progress under the token %j, in order and before the result', async (token) => {
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

  it('reports no progress to a caller without a token', async () => {
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
  ])('cancels its own call %s, and the far side stops', async (_when, answers) => {
    const { desk, wire, log, stopped } = await meet();
    const gone = new AbortController();
    const asked = desk.to(null, { signal: gone.signal }).idle({ which: 1 });
    // An answer to a later call shows that the call has begun.
    if (answers > 0) await desk.remote.help({ steps: 0 });
    const before = wire.sent.length;
    gone.abort();
    await expect(asked).rejects.toMatchObject({ name: 'Aborted' });
    await until(() => stopped.length === 1);
    expect(wire.sent.slice(before)).toEqual([
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: wire.sent[0]?.id } },
    ]);
    // Nobody waits for its answer any more, and that is not an error.
    await until(() => wire.heard.length === answers + 1);
    expect(wire.heard.slice(answers)).toMatchObject([{ id: wire.sent[0]?.id, error: { code: REQUEST_CANCELLED } }]);
    expect(log.texts).toEqual([]);
  });

  it('cancels at the far side a call that times out', async () => {
    const { desk, stopped } = await meet();
    await expect(desk.to(null, { timeout: 50 }).idle({ which: 2 })).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => stopped.length === 1);
    expect(stopped).toEqual([{ which: 2 }]);
  });

  it('receives progress, in order and before the result, each call its own', async () => {
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

  it('reads -32800 as a cancelled call, also if the far side has cancelled it', async () => {
    const { desk, far } = await meet();
    far.onRequest('help', () => new ResponseError(REQUEST_CANCELLED, 'the server has other things to do'));
    await expect(desk.remote.help({ steps: 1 })).rejects.toMatchObject({ code: -32_012 });
  });
});
