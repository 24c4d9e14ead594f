// Groups of a target: what a pattern matches, and which group a session gets.
import fc from 'fast-check';
import { target } from '../../test/model/objects.js';
import { groupOf, matchesPattern } from './groups.js';

it.each([
  ['host1', 'host1', true],
  ['host1', 'HOST1', true],
  ['host1', 'host10', false],
  ['host?', 'host1', true],
  ['host?', 'host', false],
  ['host*', 'host', true],
  ['*', '', true],
  ['*:vm*-a', 'iqn.2026-11.dev.scst:vm12-a', true],
  ['*:vm*-a', 'iqn.2026-11.dev.scst:vm12-b', false],
  ['*#192.0.2.10', 'iqn.1993-08.org.debian:01:1#192.0.2.10', true],
  ['!host*', 'host1', false],
  ['!host*', 'guest', true],
  ['h.st', 'host', false],
])('the pattern %s and the name %s', (pattern, name, expected) => {
  expect(matchesPattern(pattern, name)).toBe(expected);
});

it('matches as the regular expression of the same meaning does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A'), maxLength: 8 });
  fc.assert(
    fc.property(letters, name, (pattern, text) => {
      const meaning = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
      expect(matchesPattern(pattern, text)).toBe(meaning.test(text));
      expect(matchesPattern(`!${pattern}`, text)).toBe(!meaning.test(text));
    }),
    { numRuns: 2000 },
  );
});

describe('a session', () => {
  const groups = [
    { name: 'hosts', sessions: ['host*'] },
    { name: 'one', sessions: ['host1', 'guest1'] },
    { name: 'nobody' },
  ];
  const tgt = target('tgt', { nodeName: 'n1', groups });
  it.each([
    ['host2', { group: 'hosts' }],
    ['guest1', { group: 'one' }],
    ['other', {}],
    ['host1', { conflict: ['hosts', 'one'] }],
  ])('%s belongs to what matches it, if only one does', (name, expected) => {
    expect(groupOf(tgt, name)).toEqual(expected);
  });
});
