import { incoming, outgoing, type Receivers, RemoteAPI, type Reply, type Sender, UsageError } from 'obverse';
import { transfer } from 'obverse/codecs/clone';
import { expect, it } from 'vitest';

class Images extends RemoteAPI {
  @incoming({ hasReply: true }) brighten(sender: Sender, args: { pixels: Uint8Array }): Reply<Uint8Array> {}
  @outgoing show(receivers: Receivers, args: { pixels: Uint8Array }): void {}
}

it('a transferred value is moved, to one receiver only', async () => {
  await using images = await Images.serve('memory:transfer', { codec: 'clone' });
  images.brighten.connect((_sender, { pixels }) => pixels.map((pixel) => pixel + 1));
  await using one = await Images.invert().connect('memory:transfer', { codec: 'clone' });
  await using other = await Images.invert().connect('memory:transfer', { codec: 'clone' });
  const pixels = Uint8Array.of(1, 2, 3);
  expect(await one.remote.brighten(transfer({ pixels }, [pixels.buffer]))).toEqual(Uint8Array.of(2, 3, 4));
  expect(pixels.byteLength).toBe(0);

  const shown = new Promise((resolve) => other.show.connect((_images, args) => resolve(args.pixels)));
  const more = Uint8Array.of(4);
  expect(() => images.show(null, transfer({ pixels: more }, [more.buffer]))).toThrow(UsageError);
  const [, second] = [...images.peers.values()];
  const again = Uint8Array.of(5);
  images.show(second as never, transfer({ pixels: again }, [again.buffer]));
  expect(await shown).toEqual(Uint8Array.of(5));
});
