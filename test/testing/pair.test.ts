import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionLost } from '../../src/contract/errors.js';
import { linkPair } from '../../src/testing/pair.js';
import { LinkLog } from '../transports/link-log.js';

function pair() {
  const left = new LinkLog();
  const right = new LinkLog();
  const links = linkPair(
    () => left,
    () => right,
  );
  left.link = links.left;
  right.link = links.right;
  return { left, right };
}

describe('linkPair', () => {
  it('delivers in order, later, and never within send', async () => {
    const { left, right } = pair();
    right.onFrame = (frame) => right.link.send([`re ${String(frame)}`]);
    left.link.send(['1', '2']);
    left.link.send(['3']);
    expect(right.frames).toEqual([]);
    expect(left.link.buffered).toBe(3);
    await left.until(() => left.frames.length === 3);
    expect(right.frames).toEqual(['1', '2', '3']);
    expect(left.frames).toEqual(['re 1', 're 2', 're 3']);
    expect(left.link.buffered).toBe(0);
    expect(left.drains).toBe(1);
    expect([left.link.peer, right.link.peer]).toEqual(['right', 'left']);
  });

  it('holds frames back while paused, and continues in order', async () => {
    const { left, right } = pair();
    right.onFrame = (frame) => {
      if (frame === 'b') right.link.pause();
    };
    left.link.send(['a', 'b', 'cc', 'd']);
    await right.until(() => right.frames.length === 2);
    await new Promise(setImmediate);
    expect(right.frames).toEqual(['a', 'b']);
    expect([left.link.buffered, left.drains]).toEqual([3, 0]);
    right.link.resume();
    expect(right.frames).toHaveLength(2);
    left.link.send(['e']);
    await right.until(() => right.frames.length === 5);
    expect(right.frames).toEqual(['a', 'b', 'cc', 'd', 'e']);
  });

  it('delivers everything sent before close, also to a paused reader, and then ends both ends once', async () => {
    const { left, right } = pair();
    right.link.pause();
    left.link.send(['last words']);
    left.link.close();
    left.link.close();
    left.link.send(['too late']);
    expect(await left.ended()).toBeUndefined();
    expect(await right.ended()).toBeUndefined();
    right.link.close();
    await new Promise(setImmediate);
    expect(right.frames).toEqual(['last words']);
    expect([left.ends, right.ends]).toEqual([[undefined], [undefined]]);
  });

  it('ends at once with a reason: undelivered frames are lost', async () => {
    const { left, right } = pair();
    const reason = new Error('enough');
    left.link.send(['lost']);
    left.link.close(reason);
    expect(await left.ended()).toBe(reason);
    const seen = await right.ended();
    expect(seen).toBeInstanceOf(ConnectionLost);
    expect(seen?.cause).toBe(reason);
    expect(right.frames).toEqual([]);
  });

  it('can be closed while it is being accepted', async () => {
    const left = new LinkLog();
    const right = new LinkLog();
    linkPair(
      () => left,
      (link) => {
        link.close(new Error('not you'));
        return right;
      },
    );
    expect((await right.ended())?.message).toBe('not you');
    expect(await left.ended()).toBeInstanceOf(ConnectionLost);
  });

  it('lets timers run while two ends answer each other continuously', async () => {
    const { left, right } = pair();
    let timer = false;
    setTimeout(() => {
      timer = true;
    }, 0);
    for (const log of [left, right]) log.onFrame = () => timer || log.link.send(['again']);
    left.link.send(['go']);
    await left.until(() => timer);
    expect(timer).toBe(true);
  });

  it('keeps the order however it is sent, paused and resumed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(3), fc.constantFrom('pause', 'resume', 'wait')), { maxLength: 60 }),
        async (steps) => {
          const { left, right } = pair();
          let sent = 0;
          for (const step of steps) {
            if (step === 'pause') right.link.pause();
            else if (step === 'resume') right.link.resume();
            else if (step === 'wait') await undefined;
            else left.link.send(Array.from({ length: Number(step) }, () => `${sent++}`));
          }
          right.link.resume();
          left.link.close();
          await right.ended();
          expect(right.frames).toEqual(Array.from({ length: sent }, (_, i) => `${i}`));
        },
      ),
    );
  });
});
