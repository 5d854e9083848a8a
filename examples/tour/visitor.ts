import type { Options, TransportSource } from 'obverse';
import { Room } from './room.js';

/** What happened on a visit. */
export interface Visit {
  readonly present: readonly string[];
  readonly error: string;
  readonly heard: readonly string[];
  /** The median duration of a call in microseconds, for calls one after the other. */
  readonly microseconds: number;
}

/** Visitors enter a room, two of them or one if the link allows only one; each calls, is called, and receives what is said. */
export async function visit(at: TransportSource, options: Options, names: readonly string[]): Promise<Visit> {
  const visitors = await Promise.all(names.map((name) => enter(at, options, name)));
  const [first] = visitors as [Visitor];
  try {
    let present: string[] = [];
    for (const { side, name } of visitors) present = await side.remote.join({ name });
    const error = await first.side.remote.giveBack({ thing: 'umbrella' }).then(
      () => 'no error',
      (reason: Error) => `${reason.name}: ${reason.message}`,
    );
    first.side.remote.say({ text: 'hello' });
    const heard = await Promise.all(visitors.map((visitor) => visitor.heard));
    return { present, error, heard, microseconds: await pace(first) };
  } finally {
    await Promise.all(visitors.map(({ side }) => side.close()));
  }
}

type Visitor = Awaited<ReturnType<typeof enter>>;

async function enter(at: TransportSource, options: Options, name: string) {
  const side = await Room.invert().connect(at, options);
  side.colour.connect((_room, { of }) => (of === 'ann' ? 'green' : 'blue'));
  const heard = new Promise<string>((resolve) => {
    side.said.connect((_room, said) => resolve(`${name} hears ${said.name} say "${said.text}"`));
  });
  return { side, name, heard };
}

async function pace({ side }: Visitor): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 300; n++) {
    const before = performance.now();
    if ((await side.remote.add(n, 1)) !== n + 1) throw new Error('the room cannot add');
    times.push((performance.now() - before) * 1_000);
  }
  return times.sort((a, b) => a - b)[150] as number;
}
