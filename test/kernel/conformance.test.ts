// libiscsi's conformance tests against our disks, through sg: no failure, and no skip that is a lack of the disk.
import { ConformanceNode, SUBJECTS } from '../conformance/run.js';

jest.setTimeout(900_000);

/** What the tool doesn't test on any disk like this one, or not through sg. */
const NOT_A_LACK = [
  /only supported for iSCSI backends/,
  /^Non-iSCSI multipath/,
  /LBPPB < 2/,
  // The other subjects have these.
  /not removable/i,
  /fully provisioned/,
  /not write-protected/,
  /^UNMAP is not implemented/,
  /SANITIZE BLOCK_ERASE is not implemented/,
  // Nothing is encrypted that a key could be taken of.
  /SANITIZE CRYPTO_ERASE is not implemented/,
  // WSNZ: no blocks don't mean all of them.
  /does not support 0-blocks/,
];

let node: ConformanceNode;
beforeAll(async () => (node = await ConformanceNode.start()));
afterAll(() => node?.stop());

// The cases' own families: Write10.Residuals and its like, ProutRegister.
it.each(SUBJECTS.map((subject) => [subject.name, subject] as const))(
  'disk-11, pr-08, seq-07: a disk that is %s',
  async (_, subject) => {
    const outcomes = await node.conform(subject);
    const bad = outcomes.filter(({ outcome, reason }) => {
      const why = /\[SKIPPED\] (.*?)(?: ·|$)/.exec(reason)?.[1] ?? reason;
      return outcome === 'skipped' ? !NOT_A_LACK.some((pattern) => pattern.test(why)) : outcome !== 'passed';
    });
    expect(bad.filter(({ outcome }) => outcome !== 'tool')).toEqual([]);
    expect(outcomes.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(subject.suites ? 5 : 140);
  },
);
