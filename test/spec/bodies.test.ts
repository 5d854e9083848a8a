import { incoming, isRemote, namespace, outgoing, type Receivers, RemoteAPI, type Reply, type Sender } from 'obverse';
import { describe, expect, it } from 'vitest';
import { talk } from './talk.js';

const log: unknown[] = [];

class Room extends RemoteAPI {
  seats = 1;
  @incoming({ hasReply: true }) sit(_sender: Sender): Reply<string> {
    if (this.seats === 0) throw new RangeError('the room is full');
    this.seats--;
  }
  @outgoing called(_receivers: Receivers, args: { text: string }): void {
    log.push(['called', args.text, this.seats]);
  }
}

class Chat extends RemoteAPI {
  readonly hall = namespace(Room);
  readonly attic = namespace(Room);
  readonly longest = 5;
  #sent = 0;

  @outgoing said(receivers: Receivers, args: { text: string }): void {
    log.push(['said', receivers, args]);
    this.short(args.text);
    this.#sent++;
  }
  @outgoing({ hasReply: true, params: ['text'] }) asked(receivers: Receivers, text: string): Reply<string> {
    log.push(['asked', receivers, text]);
    this.short(text);
    this.#sent++;
  }
  @incoming told(sender: Sender, args: { text: string }): void {
    log.push(['told', sender.id, args]);
    this.short(args.text);
  }
  @incoming({ hasReply: true }) echo(sender: Sender, args: { text: string }): Reply<string> {
    log.push(['echo', sender.id, args]);
    this.short(args.text);
  }
  @incoming({ hasReply: true }) greet(sender: Sender, args: { name: string }): Reply<string> {
    this.said(sender, { text: args.name });
  }
  protected short(text: string): void {
    if (text.length > this.longest) throw new RangeError(`"${text}" is too long`);
  }
  get sent(): number {
    return this.#sent;
  }
}

async function chat() {
  const sides = await talk(Chat, { logger: null });
  const heard: unknown[] = [];
  sides.there.said.connect((_sender, { text }) => heard.push(text));
  sides.there.asked.connect((_sender, text) => {
    heard.push(text);
    return text;
  });
  log.length = 0;
  return { ...sides, heard, sent: () => (sides.here as unknown as Chat).sent };
}
const tooLong = new RangeError('"too long" is too long');

describe('the body of an outgoing method', () => {
  it('receives the arguments of the caller before they are sent', async () => {
    await using sides = await chat();
    const args = { text: 'hello' };
    const [peer] = sides.here.peers.values();
    sides.here.said(null, args);
    sides.here.to([peer!]).said(args);
    expect(await sides.here.asked(peer!, 'what')).toBe('what');
    expect(log).toEqual([
      ['said', null, args],
      ['said', [peer], args],
      ['asked', peer, 'what'],
    ]);
    expect((log[0] as unknown[])[2]).toBe(args);
    expect(sides.heard).toEqual(['hello', 'hello', 'what']);
    expect(sides.sent()).toBe(3);
  });

  it('stops a notification by throwing', async () => {
    await using sides = await chat();
    expect(() => sides.here.said(null, { text: 'too long' })).toThrow(tooLong);
    expect(() => sides.here.remote.said({ text: 'too long' })).toThrow(tooLong);
    expect(() => sides.here.to(null).said({ text: 'too long' })).toThrow(tooLong);
    sides.here.said(null, { text: 'short' });
    await sides.settled();
    expect(sides.heard).toEqual(['short']);
  });

  it('stops a request by throwing: the promise rejects, the call does not throw', async () => {
    await using sides = await chat();
    const { here } = sides;
    for (const promise of [
      here.asked(null, 'too long'),
      here.remote.asked('too long'),
      here.to(null).asked('too long'),
      here.gather(null).asked('too long'),
    ]) {
      await expect(promise).rejects.toEqual(tooLong);
    }
    expect(sides.heard).toEqual([]);
    expect(sides.sent()).toBe(0);
  });

  it('runs once for several receivers', async () => {
    await using sides = await chat();
    await using other = await Chat.invert().connect(sides.here.address);
    other.asked.connect(() => 'other');
    expect(sides.here.peers.size).toBe(2);
    await sides.here.gather(null).asked('who');
    sides.here.said(null, { text: 'both' });
    await sides.here.asked(null, 'who');
    expect(log.length).toBe(3);
  });
});

describe('the body of an incoming method', () => {
  it('runs before the handlers, with a sender', async () => {
    await using sides = await chat();
    const [peer] = sides.here.peers.values();
    sides.here.echo.connect((_sender, { text }) => {
      log.push('handler');
      return text;
    });
    expect(await sides.there.remote.echo({ text: 'hello' })).toBe('hello');
    expect(log).toEqual([['echo', peer?.id, { text: 'hello' }], 'handler']);
  });

  it('stops a request by throwing: its error is the answer, and no handler runs', async () => {
    await using sides = await chat();
    sides.here.echo.connect(() => {
      log.push('handler');
      return 'never';
    });
    const failure = await sides.there.remote.echo({ text: 'too long' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RangeError);
    expect(isRemote(failure)).toBe(true);
    expect(failure).toMatchObject({ message: '"too long" is too long' });
    expect(log.length).toBe(1);
  });

  it('stops a notification by throwing: its error goes to onMessageError, and no handler runs', async () => {
    const errors: unknown[] = [];
    class Watched extends Chat {
      protected override onMessageError(_peer: unknown, error: unknown): void {
        errors.push(error);
      }
    }
    await using sides = await talk(Watched, { logger: null });
    sides.here.told.connect(({ id }) => errors.push(id));
    sides.there.told(null, { text: 'too long' });
    await sides.settled();
    expect(errors).toEqual([tooLong]);
  });

  it('does not replace the answer of the handlers', async () => {
    await using sides = await chat();
    sides.here.greet.connect((_sender, { name }) => `hello ${name}`);
    expect(await sides.there.remote.greet({ name: 'ann' })).toBe('hello ann');
  });
});

describe('a body', () => {
  it('runs only on the side that the class is written for', async () => {
    await using sides = await chat();
    sides.here.echo.connect((_sender, { text }) => text);
    sides.there.told(null, { text: 'short' });
    await sides.there.echo(null, { text: 'short' });
    await sides.here.asked(null, 'short');
    sides.here.said(null, { text: 'short' });
    await sides.settled();
    expect(log.map((entry) => (entry as unknown[])[0])).toEqual(['told', 'echo', 'asked', 'said']);
  });

  it('does not run on the inverted side, whichever of the two listens', async () => {
    const there = await Chat.serve('memory:inverted', { invert: true });
    const here = await Chat.connect('memory:inverted');
    there.asked.connect((_sender, text) => text);
    here.echo.connect((_sender, { text }) => text);
    log.length = 0;
    await there.remote.echo({ text: 'short' });
    await here.remote.asked('short');
    expect(log.length).toBe(2);
    await here.close();
    await there.close();
  });

  it('has the side as `this`, and can send', async () => {
    await using sides = await chat();
    sides.here.greet.connect(() => 'done');
    await sides.there.remote.greet({ name: 'ann' });
    expect(sides.heard).toEqual(['ann']);
    expect(sides.sent()).toBe(1);
  });

  it('has the namespace as `this`, a different one at each place', async () => {
    await using sides = await chat();
    const { here, there } = sides;
    here.implement({
      told() {},
      echo: () => '',
      greet: () => '',
      hall: { sit: () => 'in the hall' },
      attic: { sit: () => 'in the attic' },
    });
    expect(await there.hall.sit(null)).toBe('in the hall');
    await expect(there.remote.hall.sit()).rejects.toThrow('the room is full');
    expect(await there.remote.attic.sit()).toBe('in the attic');
    here.hall.called(null, { text: 'directly' });
    here.remote.hall.called({ text: 'by remote' });
    here.to(null).hall.called({ text: 'by to' });
    here.hall.to(null).called({ text: 'by its own to' });
    expect(log).toEqual([
      ['called', 'directly', 0],
      ['called', 'by remote', 0],
      ['called', 'by to', 0],
      ['called', 'by its own to', 0],
    ]);
  });

  it('has fields of its own on each side', async () => {
    await using first = await chat();
    await using second = await chat();
    first.here.said(null, { text: 'one' });
    first.here.said(null, { text: 'two' });
    second.here.said(null, { text: 'one' });
    expect([first.sent(), second.sent()]).toEqual([2, 1]);
    expect((first.there as unknown as Chat).longest).toBe(5);
    expect((first.there as unknown as { hall: Room }).hall.seats).toBe(1);
  });
});
