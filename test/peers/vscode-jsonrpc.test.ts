import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { RemoteError } from 'obverse';
import { expect, it } from 'vitest';
import { createMessageConnection, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import { serve, visit } from '../../examples/vscode-jsonrpc.js';

function connection(socket: Socket): MessageConnection {
  const made = createMessageConnection(socket, socket);
  made.listen();
  return made;
}

it('serves a client with vscode-jsonrpc', async () => {
  await using desk = await serve();
  const tidied = new Promise((resolve) => desk.tidy.connect((_visitor, args) => resolve(args)));
  const socket = connect(Number(new URL(desk.address).port), '127.0.0.1');
  const client = connection(socket);
  const told: unknown[] = [];
  client.onRequest('paper', async ({ sheets }: { sheets: number }) => `${sheets} sheet`);
  client.onNotification('done', (args) => void told.push(args));
  await client.sendNotification('tidy', { thoroughly: false });
  expect(await client.sendRequest('divide', { a: 84, b: 2 })).toBe(42);
  expect(told).toEqual([{ result: 42 }]);
  expect(await tidied).toEqual({ thoroughly: false });
  const refused = await client.sendRequest('divide', { a: 1, b: 0 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ResponseError);
  expect(refused).toMatchObject({ code: 4_001, message: expect.stringContaining('cannot divide 1 by zero') });
  // Its ResponseError has the data that arrived, in addition to the text that it adds to the message.
  expect((refused as ResponseError<unknown>).data).toEqual({ a: 1, b: 0, paper: '1 sheet' });
  await expect(client.sendRequest('multiply', { a: 1, b: 0 })).rejects.toMatchObject({ code: -32601 });
  client.dispose();
  socket.destroy();
});

it('connects to a server with vscode-jsonrpc', async () => {
  const tidied: unknown[] = [];
  const server = createServer((socket) => {
    const desk = connection(socket);
    desk.onNotification('tidy', (args) => void tidied.push(args));
    desk.onRequest('divide', async ({ a, b }: { a: number; b: number }) => {
      const paper = await desk.sendRequest('paper', { sheets: 2 });
      if (b === 0) throw new ResponseError(4_001, `cannot divide ${a} by zero`, { a, b, paper });
      await desk.sendNotification('done', { result: a / b });
      return a / b;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { result, refused, told } = await visit(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(result).toBe(42);
  expect(told).toEqual([42]);
  expect(tidied).toEqual([{ thoroughly: true }]);
  expect(refused).toBeInstanceOf(RemoteError);
  expect(refused).toMatchObject({
    code: 4_001,
    message: 'cannot divide 1 by zero',
    data: { a: 1, b: 0, paper: 'blank blank' },
  });
  server.close();
});
