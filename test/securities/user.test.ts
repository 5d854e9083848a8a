import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import type { Security } from '../../src/contract/contract.js';
import none from '../../src/plugins/securities/null.js';
import user from '../../src/plugins/securities/user.js';
import { testSecurity } from '../../src/testing/security.js';

testSecurity(
  { describe, it },
  {
    name: 'user',
    make: () => user(parseAddress('user?user=ann')),
    gaps: { 'refuses a message that was modified': 'it believes whatever is said' },
  },
);

/** Signs: shows that the suite distinguishes a security that refuses from one that does not. */
function signing(): Security {
  const sign = (payload: unknown): string =>
    createHmac('sha256', 'a key')
      .update(payload as string)
      .digest('base64');
  return {
    seal: async (payload) => ({ info: { signature: sign(payload) } }),
    open: async (payload, info) => {
      if (sign(payload) !== info.signature) throw new Error('the signature does not fit');
      return payload;
    },
  };
}
testSecurity({ describe, it }, { name: 'that signs', make: signing });

describe('the security user', () => {
  it('sends the name of the user', () => {
    expect(user(parseAddress('user?user=joe')).seal('{}')).toEqual({ info: { user: 'joe' } });
    expect(user(parseAddress('user')).seal('{}')).toEqual({ info: { user: '' } });
  });
  it('refuses an unknown option', () => {
    expect(() => user(parseAddress('user?name=joe'))).toThrow('user: has no option "name"; there are user');
  });
});

describe('the security null', () => {
  it('adds no security', () => expect(none(parseAddress('null'))).toBeNull());
});
