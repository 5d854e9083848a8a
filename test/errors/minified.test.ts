import { build } from 'esbuild';
import { expect, it } from 'vitest';

type Errors = typeof import('../../src/contract/errors.js');

it('names of the classes of the library survive a minifier', async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/contract/errors.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  const text = outputFiles[0]?.text ?? '';
  const { RpcError, ...errors } = (await import(
    `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  )) as Errors;
  const { ConnectionLost, TimeoutError, Aborted, ProtocolError, RemoteError, UsageError } = errors;
  // Otherwise the test would prove nothing.
  expect(ConnectionLost.name).not.toBe('ConnectionLost');
  const made = [
    new RpcError('x'),
    new ConnectionLost(),
    new TimeoutError(),
    new Aborted(),
    new ProtocolError('x'),
    new RemoteError('x'),
    new UsageError('x'),
  ];
  expect(made.map(({ name }) => name)).toEqual([
    'RpcError',
    'ConnectionLost',
    'TimeoutError',
    'Aborted',
    'ProtocolError',
    'RemoteError',
    'UsageError',
  ]);
  class Own extends RpcError {}
  expect(new Own('x').name).toBe('Own');
});
