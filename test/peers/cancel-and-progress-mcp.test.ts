import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, type Side } from 'obverse';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../../examples/mcp-client.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { type Tapped, tapped } from '../support/tapped.js';

type Progress = { progress: number; total?: number; message?: string };
type Result = { content: { type: 'text'; text: string }[] };

/** A server with a slow tool, which also calls the model of its client. */
class Server extends RemoteAPI {
  @incoming({ hasReply: true }) initialize(_from: Sender, _args: { protocolVersion: string }): Reply<object> {}
  @incoming({ name: 'notifications/initialized' }) initialized(_from: Sender): void {}
  @incoming({ name: 'tools/call', hasReply: true }) call(
    _from: Sender,
    _args: { name: string },
  ): Reply<Result, Progress> {}
  @incoming({ hasReply: true }) ping(_from: Sender): Reply<object> {}
  @outgoing({ name: 'roots/list', hasReply: true }) roots(_to: Receivers): Reply<object> {}
  @outgoing({ name: 'sampling/createMessage', hasReply: true })
  sample(_to: Receivers, _args: { messages: object[]; maxTokens: number }): Reply<object, Progress> {}
}

/** The stdio transport of MCP over a socket: a message is a line. */
class OverSocket implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private readonly buffer = new ReadBuffer();
  private readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
  }
  async start(): Promise<void> {
    this.socket.on('close', () => this.onclose?.());
    this.socket.on('data', (chunk) => {
      this.buffer.append(chunk);
      for (let message = this.buffer.readMessage(); message !== null; message = this.buffer.readMessage()) {
        this.onmessage?.(message);
      }
    });
  }
  async send(message: JSONRPCMessage): Promise<void> {
    this.socket.write(serializeMessage(message));
  }
  async close(): Promise<void> {
    this.socket.destroy();
  }
}

const text = (text: string): Result => ({ content: [{ type: 'text', text }] });

describe("a RemoteAPI server of the MCP SDK's client", () => {
  let server: Side<Server>;
  let client: SdkClient;
  let wire: Tapped;
  let log: Log;
  /** The errors that the SDK reports. */
  let complaints: Error[];
  beforeEach(async () => {
    [wire, log, complaints] = [await tapped('jrpc?dialect=mcp'), new Log(), []];
    server = await Server.serve('tcp://127.0.0.1:0', { codec: wire.codec, logger: log });
    const serverInfo = { name: 'test', version: '1.0.0' };
    server.initialize.connect((_client, { protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo,
    }));
    server.ping.connect(() => ({}));
    server.initialized.connect(() => {});
    client = new SdkClient({ name: 'test', version: '1.0.0' }, { capabilities: { sampling: {} } });
    client.onerror = (error) => void complaints.push(error);
    await client.connect(new OverSocket(Number(new URL(server.address).port)));
  });
  afterEach(async () => {
    await client.close();
    await server.close();
  });

  const answersTo = (id: unknown): unknown[] => wire.sent.filter((seen) => seen.id === id && seen.method === undefined);
  const idOf = (method: string): unknown => wire.heard.findLast((seen) => seen.method === method)?.id;

  it('reports progress by objects and by numbers, in order and before the result', async () => {
    server.call.connect(async (sender) => {
      expect(sender.wantsProgress).toBe(true);
      sender.progress({ progress: 1, total: 3, message: 'begun' });
      sender.progress(2 as never);
      // If both arrive together, the SDK processes an answer before the progress that precedes it, and drops that
      // progress.
      await failure(server.roots(sender));
      return text('done');
    });
    const told: unknown[] = [];
    const onprogress = (progress: unknown): void => void told.push(progress);
    expect(await client.callTool({ name: 'slow' }, undefined, { onprogress })).toEqual(text('done'));
    expect(told).toEqual([{ progress: 1, total: 3, message: 'begun' }, { progress: 2 }]);
    expect(complaints).toEqual([]);
  });

  it('reports no progress to a caller that has not asked for it, and none that MCP cannot express', async () => {
    server.call.connect((sender) => {
      sender.progress('half' as never);
      return text(String(sender.wantsProgress));
    });
    expect(await client.callTool({ name: 'slow' })).toEqual(text('false'));
    expect(log.texts).toEqual([]);
    const told: unknown[] = [];
    await client.callTool({ name: 'slow' }, undefined, { onprogress: (progress) => void told.push(progress) });
    expect(told).toEqual([]);
    expect(log.texts).toEqual([expect.stringContaining('the progress of a call over MCP must be a number')]);
  });

  it.each([
    ['by a signal', () => AbortSignal.timeout(100), undefined],
    ['when its time is up', () => undefined, 100],
  ])(
    "aborts the handler's signal when the call is cancelled %s, and does not answer",
    async (_how, signal, timeout) => {
      const reasons: Error[] = [];
      let finished = false;
      server.call.connect(async (sender) => {
        await new Promise((resolve) => sender.signal.addEventListener('abort', resolve));
        reasons.push(sender.signal.reason as Error);
        sender.progress({ progress: 9 });
        finished = true;
        return text('too late');
      });
      const [stop, told] = [signal(), [] as unknown[]];
      const asked = client.callTool({ name: 'slow' }, undefined, {
        ...(stop !== undefined && { signal: stop }),
        ...(timeout !== undefined && { timeout }),
        onprogress: (progress) => void told.push(progress),
      });
      await failure(asked);
      await until(() => finished);
      expect(reasons).toMatchObject([
        { name: 'Aborted', message: expect.stringMatching(/^the caller cancelled the call: .*tim/i) },
      ]);
      await client.ping();
      expect(answersTo(idOf('tools/call'))).toEqual([]);
      expect([told, complaints, log.texts]).toEqual([[], [], []]);
    },
  );

  it('does not answer either if the cancelled handler throws', async () => {
    server.call.connect(
      (sender) =>
        new Promise((_resolve, reject) => sender.signal.addEventListener('abort', () => reject(sender.signal.reason))),
    );
    await failure(client.callTool({ name: 'slow' }, undefined, { signal: AbortSignal.timeout(50) }));
    await client.ping();
    expect(answersTo(idOf('tools/call'))).toEqual([]);
    expect([complaints, log.texts]).toEqual([[], []]);
  });

  it('cancels its own call, and the client stops', async () => {
    let stopped: unknown;
    client.setRequestHandler(CreateMessageRequestSchema, async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped = signal.reason;
      return { model: 'none', role: 'assistant', content: { type: 'text', text: 'too late' } };
    });
    const gone = new AbortController();
    const asked = server.to(null, { signal: gone.signal }).sample({ messages: [], maxTokens: 1 });
    const { id } = wire.sent.at(-1) ?? {};
    setTimeout(() => gone.abort(new Error('nobody looks')), 50);
    await expect(asked).rejects.toMatchObject({ name: 'Aborted' });
    await until(() => stopped !== undefined);
    expect(String(stopped)).toContain('nobody looks');
    expect(wire.sent.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: id } });
    await client.ping();
    expect(wire.heard.filter((seen) => seen.id === id && seen.method === undefined)).toEqual([]);
    expect([complaints, log.texts]).toEqual([[], []]);
  });

  it('receives the progress of the client', async () => {
    client.setRequestHandler(CreateMessageRequestSchema, async ({ params }, { sendNotification }) => {
      const progressToken = params._meta?.progressToken as number;
      for (const progress of [0.5, 1]) {
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress, message: 'hm' },
        });
      }
      return { model: 'none', role: 'assistant', content: { type: 'text', text: 'well' } };
    });
    const told: Progress[] = [];
    const onProgress = (progress: Progress): void => void told.push(progress);
    const answer = await server.to(null, { onProgress }).sample({ messages: [], maxTokens: 1 });
    expect(answer).toMatchObject({ content: { text: 'well' } });
    expect(told).toEqual([
      { progress: 0.5, message: 'hm' },
      { progress: 1, message: 'hm' },
    ]);
  });
});

describe('a RemoteAPI class that drives server-everything', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const everything = `node ${root}node_modules/@modelcontextprotocol/server-everything/dist/index.js stdio`;
  const name = 'trigger-long-running-operation';

  it('receives the progress of each step, and cancels a call midway', { timeout: 60_000 }, async () => {
    const [client] = await start(everything);
    try {
      const told: unknown[] = [];
      const onProgress = (progress: unknown): void => void told.push(progress);
      const done = await client.to(null, { onProgress }).call({ name, arguments: { duration: 0.3, steps: 3 } });
      expect(told).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3 })));
      expect(done.content[0]?.text).toContain('completed');

      const gone = new AbortController();
      const untilSecond = (value: unknown): void => {
        if ((value as Progress).progress === 2) gone.abort();
      };
      const asked = client
        .to(null, { signal: gone.signal, onProgress: untilSecond })
        .call({ name, arguments: { duration: 300, steps: 3_000 } });
      await expect(asked).rejects.toMatchObject({ name: 'Aborted' });
      const sum = await client.remote.call({ name: 'get-sum', arguments: { a: 2, b: 40 } });
      expect(sum.content[0]?.text).toContain('42');
    } finally {
      await client.close();
    }
  });
});
