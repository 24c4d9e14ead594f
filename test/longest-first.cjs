// The order of test files: those that take longest first, so that no worker is left with one at the end.
const { default: Sequencer } = require('@jest/test-sequencer');

/** The longest of all; jest knows the durations of a checkout's former run only. */
const LONGEST = [
  'kernel/conformance',
  'kernel/many-devices',
  'e2e/absence',
  'kernel/persistent-reservations',
  'e2e/haste',
];

module.exports = class LongestFirst extends Sequencer {
  /** Jest's own order after those. */
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
};
