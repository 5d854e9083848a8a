import { describe, expect, it } from 'vitest';
import { Extension } from '../../codecs/msgpack.js';
import type { Message } from '../../src/contract/contract.js';
import { standardTypes } from '../../src/extensions/values/standard.js';
import { revived } from '../../src/extensions/values/tagged.js';
import { ValueTypes } from '../../src/extensions/values/types.js';
import { codec } from '../../src/index.js';
import { sent } from './through.js';

/*
 * aiozmq writes tzinfo, timedelta, time, datetime and date as pickles of Python, in extensions of the types 123 to 127. A pickle
 * is a program for its reader; this one begins as that of a date does, and would call os.system.
 */
const pickle = Buffer.from('80059515000000000000008c05706f736978948c0673797374656d9493942e', 'hex');

describe('a pickle from a peer that is not Obverse', () => {
  it.each([123, 124, 125, 126, 127])('of the type %i stays bytes, and is returned unchanged', async (type) => {
    const msgpack = await codec('msgpack');
    // [1, 5, nil, ext 8 of so many bytes]
    const frame = Buffer.concat([Buffer.from([0x94, 1, 5, 0xc0, 0xc7, pickle.length, type]), pickle]);
    const arrived: Message[] = [];
    msgpack.decode(frame, (message) => void arrived.push(message), false);
    const [reply] = arrived;
    if (reply?.kind !== 'reply') throw new Error('there is no reply');

    const types = new ValueTypes([standardTypes]);
    const value = revived(reply.value, types.revive);
    expect(value).toBeInstanceOf(Extension);
    expect(value).toEqual(new Extension(type, Uint8Array.from(pickle)));

    const back = sent(value, types, ['bytes']);
    expect(back.tagged).toBe(false);
    expect(Buffer.from(msgpack.encode({ kind: 'reply', id: 5, value: back.value }) as Uint8Array)).toEqual(frame);
  });
});
