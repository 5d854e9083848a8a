import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/contract/address.js';
import { UsageError } from '../../src/contract/errors.js';
import { wireFor } from '../../src/testing/transport.js';
import mux from '../../transports/mux.js';
import { joinParts, splitParts } from '../../transports/shared/mux/address.js';

describe('the parts of an address', () => {
  it.each([
    ['(stdio:)', ['stdio:']],
    ['(tcpserv::8888)(stdio:)', ['tcpserv::8888', 'stdio:']],
    ['[a:(x)]{b:[y}<c:(>', ['a:(x)', 'b:[y', 'c:(']],
    ['(mux:(a:)(b:))(c:)', ['mux:(a:)(b:)', 'c:']],
    ['[mux:[a:][b:]]', ['mux:[a:][b:]']],
    [' ( a: ) \n( b: ) ', ['a:', 'b:']],
    ['(tcp://h:1?framing=nul&x=(1))[b:?y=2]', ['tcp://h:1?framing=nul&x=(1)', 'b:?y=2']],
    ['', []],
  ])('%s', (text, parts) => {
    expect(splitParts(text)).toEqual(parts);
  });

  it.each([
    ['tcp://h:1', 'cannot be read at "tcp://h:1"; expected parts, as in mux:(a)(b)'],
    ['(a:)b', 'cannot be read at "b"'],
    ['(a:)?x=1', 'cannot be read at "?x=1"'],
    ['(a:))', 'cannot be read at ")"'],
    ['(a:', 'has a "(" that is not closed'],
    ['[a:(])', 'cannot be read at ")"'],
    ['(a:[)]', 'cannot be read at "]"'],
    ['(a:)( )', 'has an empty part'],
  ])('%s: %s', (text, message) => {
    expect(() => splitParts(text)).toThrow(UsageError);
    expect(() => splitParts(text)).toThrow(message);
  });

  it('are the same after being joined, in any brackets that fit', () => {
    expect(joinParts(['a:', 'b:(', 'mux:(c:)(d:)'])).toBe('(a:)[b:(](mux:(c:)(d:))');
    const text = fc.string({ unit: fc.constantFrom('a', ':', '?', '(', ')', '[', ']', '{', '}'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        expect(splitParts(joinParts(parts))).toEqual(parts);
      }),
    );
  });
});

describe('the factory', () => {
  const make = (source: Parameters<typeof parseAddress>[0]) => () => mux(parseAddress(source), wireFor());

  it.each([
    ['mux:', 'has no parts; expected mux:(a)(b), or the option "parts"'],
    ['mux', 'has no parts'],
    [{ url: 'mux:(a:)', prats: [] }, 'has no option "prats"'],
    [{ url: 'mux:', parts: 'a:' }, 'has no option "parts"; there is parts, a list of transports'],
    ['mux:(a:)?x=1', 'cannot be read at "?x=1"'],
  ])('refuses %o', (source, message) => {
    expect(make(source)).toThrow(UsageError);
    expect(make(source)).toThrow(message);
  });

  it('assigns what looks like a query to the last part', () => {
    expect(make('mux:[a:][b:?x=1]')().address).toBe('mux:(a:)(b:?x=1)');
  });

  it('accepts a list, also of lists', () => {
    expect(make({ url: 'mux:(a:)', parts: ['b:', ['c:', () => expect.fail()], { url: 'd:', x: 1 }] })().address).toBe(
      'mux:(a:)(b:)(mux:(c:)(a transport of its own))(d:)',
    );
  });
});
