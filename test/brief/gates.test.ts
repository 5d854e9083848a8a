import { describe, expect, it } from 'vitest';
import {
  Code,
  ConnectionLost,
  incoming,
  type Options,
  RemoteAPI,
  type Reply,
  RpcError,
  type Sender,
} from '../../src/index.js';
import { BriefTransport, notification, request } from '../support/brief-transport.js';
import { Log, until } from '../support/core-waiting.js';

class Work extends RemoteAPI {
  @incoming({ hasReply: true }) ask(_sender: Sender, _args: { n: number }): Reply<unknown> {}
  @incoming job(_sender: Sender, _args: { n: number }): void {}
}
async function served(options: Options<Work> = {}) {
  const way = new BriefTransport();
  const side = await Work.serve(way.source, { logger: null, ...options });
  return { side, way };
}
const info = (name: string) => ({ info: { headers: { authorization: name } } });

describe('authentication over brief links', () => {
  const authenticate = async ({ info: known }: { readonly info: object }) => {
    const { headers } = known as { headers?: { authorization?: string } };
    await undefined;
    return headers?.authorization === 'Bearer ann' ? { name: 'ann' } : undefined;
  };

  it('knows the user by what the transport knows, without a hello and without delay', async () => {
    const { side, way } = await served({ authenticate, limits: { connectMs: 600_000 } });
    await using _ = side;
    side.ask.connect((sender) => sender.peer.user);
    const link = way.ask(request('ask', { n: 1 }), info('Bearer ann'));
    expect(await link.closing).toBeUndefined();
    expect(link.answers).toMatchObject([{ result: { name: 'ann' } }]);
  });

  it('refuses a peer that is not allowed, with a reason, and answers its request', async () => {
    const { side, way } = await served({ authenticate });
    await using _ = side;
    const served_: unknown[] = [];
    side.ask.connect((_sender, args) => served_.push(args));
    side.job.connect((_sender, args) => void served_.push(args));
    const link = way.ask(request('ask', { n: 1 }), info('Bearer eve'));
    expect(await link.closing).toBeInstanceOf(RpcError);
    expect(await way.ask(notification('job', { n: 1 })).closing).toBeInstanceOf(RpcError);
    expect(served_).toEqual([]);
  });

  it('gives back what it has not admitted when the side is closed', async () => {
    const { side, way } = await served({ authenticate: () => new Promise(() => {}) });
    const link = way.ask(request('ask', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    await side.close();
    expect(await link.closing).toBeInstanceOf(ConnectionLost);
  });
});

describe('a side that resumes sessions', () => {
  it('does not wait for a hello of brief links', async () => {
    const { side, way } = await served({ resume: true });
    await using _ = side;
    side.ask.connect(() => 1);
    const link = way.ask(request('ask', { n: 1 }));
    await new Promise((turn) => setImmediate(turn));
    expect(link.isOpen).toBe(false);
    expect(link.answers).toMatchObject([{ result: 1 }]);
  });
});

describe('a security over brief links', () => {
  it('waits for the message behind its header, and seals the answer', async () => {
    const { side, way } = await served({ security: 'user', requireSecurityInfo: true });
    await using _ = side;
    side.ask.connect((sender) => sender.securityInfo);
    const link = way.link();
    link.receiver?.receive(JSON.stringify(notification('rpc.secinfo', { user: 'ann' })));
    expect(link.isOpen).toBe(true);
    link.receiver?.receive(JSON.stringify(request('ask', { n: 1 })));
    expect(await link.closing).toBeUndefined();
    expect(link.answers.at(-1)).toMatchObject({ result: { user: 'ann' } });
  });

  it('closes the link with an error where it refuses the message', async () => {
    const { side, way } = await served({ security: 'user', requireSecurityInfo: true });
    await using _ = side;
    expect(((await way.ask(request('ask', { n: 1 })).closing) as RpcError).code).toBe(Code.Refused);
  });

  it('closes the link where it cannot open the message, later', async () => {
    const { side, way } = await served({
      security: { seal: () => ({ info: { sealed: true } }), open: () => Promise.reject(new Error('forged')) },
    });
    await using _ = side;
    const link = way.link();
    link.receiver?.receive(JSON.stringify(notification('rpc.secinfo', { sealed: true })));
    link.receiver?.receive(JSON.stringify(request('ask', { n: 1 })));
    expect((await link.closing)?.message).toMatch(/forged/);
  });
});

describe('reports about peers of brief links', () => {
  it('have one bound for all of them', async () => {
    const log = new Log();
    const { side, way } = await served({ logger: log });
    await using _ = side;
    side.job.connect(() => {
      throw new Error('boom');
    });
    for (let n = 0; n < 50; n++) await way.ask(notification('job', { n })).closing;
    await until(() => log.warnings.length > 0);
    expect(log.warnings.length).toBe(10);
  });
});
