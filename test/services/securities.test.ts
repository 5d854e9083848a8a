import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConnectionLost, type Frame, type Sealed, type Security } from '../../src/index.js';
import { failure, Log, until } from '../support/core-waiting.js';
import { messagesIn, RawService } from '../support/raw-service.js';
import { calling, turn } from './raw-calling.js';
import { caller, room, worker } from './service-spec.js';

/** Hides a message and signs it. A message that is opened twice is refused. */
class Hiding implements Security {
  private static readonly opened = new Set<string>();
  private static last = 0;
  readonly seals: string[] = [];

  constructor(private readonly isLate: boolean) {}

  seal(frame: Frame): Sealed | Promise<Sealed> {
    this.seals.push(String(frame));
    const payload = Buffer.from(String(frame)).toString('base64');
    const nonce = String(++Hiding.last);
    const sealed = { info: { nonce, signature: Hiding.sign(nonce, payload) }, payload };
    return this.isLate ? later(sealed) : sealed;
  }

  open(frame: Frame, { nonce, signature }: Readonly<Record<string, unknown>>): Frame | Promise<Frame> {
    const text = String(frame);
    if (Hiding.sign(String(nonce), text) !== signature) throw new Error('the signature does not fit');
    if (Hiding.opened.has(String(nonce))) throw new Error('the message was opened before');
    Hiding.opened.add(String(nonce));
    const plain = Buffer.from(text, 'base64').toString();
    return this.isLate ? later(plain) : plain;
  }

  private static sign(nonce: string, payload: string): string {
    return createHmac('sha256', 'a key').update(`${nonce} ${payload}`).digest('base64');
  }
}

async function later<T>(value: T): Promise<T> {
  await turn();
  return value;
}

for (const isLate of [false, true])
  for (const how of ['', '&blind'])
    describe(`a security over a service${how}, ${isLate ? 'asynchronous' : 'synchronous'}`, () => {
      const security = (): { readonly security: Hiding; readonly requireSecurityInfo: true } => ({
        security: new Hiding(isLate),
        requireSecurityInfo: true,
      });

      it('carries calls with headers, calls back, streams, references and notifications', async () => {
        const url = room(how);
        const log = new Log();
        const told: string[] = [];
        for (let n = 0; n < 3; n++) {
          const side = await worker(url, { ...security(), logger: log });
          side.meet.connect(async (sender) => `${sender.metadata.n} met ${await side.name(sender)}`);
          side.each.connect(async (_sender, { step }) => `${await step(1)}`);
          side.told.connect((sender, { text }) => void told.push(`${text} ${sender.metadata.n}`));
          side.count.connect(async function* (_sender, { to }) {
            for (let i = 0; i < to; i++) yield i;
          });
        }
        const callers = await Promise.all(
          ['x', 'y'].map(async (name) => {
            const side = await caller(url, { ...security(), logger: log });
            side.name.connect(() => name);
            return side;
          }),
        );
        const met = await Promise.all(
          Array.from({ length: 40 }, (_, n) => callers[n % 2]!.to(null, { metadata: { n } }).meet()),
        );
        expect(met).toEqual(met.map((_, n) => `${n} met ${'xy'[n % 2]}`));
        expect(await callers[0]!.each(null, { step: (n) => n + 1 })).toBe('2');
        const items: number[] = [];
        for await (const item of callers[1]!.count(null, { to: 300 })) items.push(item);
        expect(items).toHaveLength(300);
        for (let n = 0; n < 5; n++) callers[0]!.to(null, { metadata: { n } }).told({ text: 'said' });
        await until(() => told.length === 5);
        expect(told.sort()).toEqual([0, 1, 2, 3, 4].map((n) => `said ${n}`));
        expect(log.texts).toEqual([]);
        for (const side of callers) expect(side.stats()).toMatchObject({ pendingCalls: 0, references: 0 });
      });

      it('seals a call and its headers as one message, and anew when it is sent again', async () => {
        const service = new RawService();
        const sealing = new Hiding(isLate);
        const { jobs } = await calling({ security: sealing }, service);
        const members = [service.member('one'), service.member('two'), service.member('three')];
        service.onDispatch = () => members[service.calls.length - 1];
        const call = jobs.to(null, { metadata: { trace: 'x' }, idempotent: true }).slow({ n: 1 });
        await until(() => service.calls.length === 1);
        members[0]!.end(new ConnectionLost('killed'));
        await until(() => service.calls.length === 2);
        expect(sealing.seals).toHaveLength(2);
        expect(sealing.seals[1]).toBe(sealing.seals[0]);
        expect(JSON.parse(sealing.seals[0]!)).toMatchObject([{ method: 'rpc.about' }, { method: 'slow' }]);
        const sent = service.calls.map(({ frames }) => frames);
        for (const frames of sent) {
          expect(frames).toHaveLength(2);
          expect(messagesIn(frames[0] as Frame)).toMatchObject([{ method: 'rpc.secinfo' }]);
          expect(messagesIn(frames[1] as Frame)).toEqual([]);
        }
        // Whoever opens both finds neither opened before.
        const other = new Hiding(false);
        for (const [header, message] of sent) {
          const info = messagesIn(header as Frame)[0]?.params as Record<string, unknown>;
          expect(other.open(message as Frame, info)).toBe(sealing.seals[0]);
        }
        const [{ id }] = JSON.parse(sealing.seals[0]!).slice(1) as [{ id: number }];
        const answer = await new Hiding(false).seal(JSON.stringify({ jsonrpc: '2.0', id, result: 'done' }));
        members[1]!.hears({ method: 'rpc.secinfo', params: answer.info }, answer.payload as string);
        expect(await call).toBe('done');
      });

      it('sends a call again, sealed anew, where its member is gone', async () => {
        const url = room(how);
        const first = await worker(url, security());
        let begun = 0;
        first.slow.connect((sender) => {
          begun++;
          sender.progress(1);
          return new Promise(() => {});
        });
        const jobs = await caller(url, security());
        let reported = 0;
        const call = jobs
          .to(null, { idempotent: true, onProgress: () => void reported++, metadata: { m: 2 } })
          .slow({ n: 1 });
        await until(() => begun === 1 && reported === 1);
        const second = await worker(url, security());
        second.slow.connect((sender, { n }) => `${n} ${sender.metadata.m}`);
        await first.close();
        expect(await call).toBe('1 2');
      });

      it('refuses what a member has tampered with, and harms no other call', async () => {
        const service = new RawService();
        const log = new Log();
        const { jobs } = await calling({ ...security(), logger: log }, service);
        const [good, bad] = [service.member('good'), service.member('bad')];
        service.onDispatch = () => (service.calls.length % 2 === 1 ? good : bad);
        const calls = [1, 2, 3].map((n) => jobs.slow(null, { n }));
        await until(() => service.calls.length === 3);
        const ids = jobs.pendingCalls().map(({ id }) => id as number);
        const seals = new Hiding(false);
        const sealed = async (id: number | undefined, result: string) => {
          const { info, payload } = await seals.seal(JSON.stringify({ jsonrpc: '2.0', id, result }));
          return [{ method: 'rpc.secinfo', params: info }, payload as string] as const;
        };
        const [header, message] = await sealed(ids[1], 'two');
        bad.hears(header, message.replace(/^./, '!'));
        bad.hears(...(await sealed(ids[0], 'of another member')));
        const [used, again] = await sealed(ids[1], 'two');
        bad.hears({ id: ids[1]!, result: 'not sealed' });
        good.hears(...(await sealed(ids[0], 'one')), ...(await sealed(ids[2], 'three')));
        expect(await Promise.all([calls[0], calls[2]])).toEqual(['one', 'three']);
        bad.hears(used, again, used, again);
        expect(await calls[1]).toBe('two');
        await until(() => log.texts.some((text) => text.includes('opened before')));
        expect(log.texts.some((text) => text.includes('does not fit'))).toBe(true);
        expect(log.texts.some((text) => text.includes('without security information'))).toBe(true);
        expect([good.isOpen, bad.isOpen, service.link.isOpen]).toEqual([true, true, true]);
      });
    });

describe('the security user over a service', () => {
  it('says at the member who has called, and at the caller who has called back', async () => {
    const url = room();
    const side = await worker(url, { security: 'user?user=worker' });
    side.meet.connect(async (sender) => `${sender.securityInfo?.user} ${await side.name(sender)}`);
    const jobs = await caller(url, { security: 'user?user=ann' });
    jobs.name.connect((sender) => String(sender.securityInfo?.user));
    expect(await jobs.meet(null)).toBe('ann worker');
  });

  it('rejects a call that cannot be sealed later, and the next one is not mixed up with it', async () => {
    let n = 0;
    const security: Security = {
      seal: async () => {
        if (++n === 1) throw await failure(Promise.reject(new Error('no key')));
        return { info: {} };
      },
      open: (frame) => frame,
    };
    const url = room();
    (await worker(url)).slow.connect((_sender, args) => `slow ${args.n}`);
    const jobs = await caller(url, { security });
    const calls = [failure(jobs.slow(null, { n: 1 })), jobs.slow(null, { n: 2 })] as const;
    expect((await calls[0]).message).toBe('no key');
    expect(await calls[1]).toBe('slow 2');
  });
});
