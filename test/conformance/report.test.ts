// The conformance report: reads the tool's output without taking a death or a skip for a pass.
import { outcomesOf, tableOf, testsOf } from './report.js';

const LIST = 'ALL\nALL.Read6\nALL.Read6.Simple\nSCSI.Read6.Simple\nSCSI.Read6.BeyondEol\nSCSI.Sanitize.Reset\n';

const OUTPUT = `
Suite: Read6
  Test: Simple ...passed
  Test: BeyondEol ...    [FAILED] READ6 was GOOD
    [FAILED] and again
FAILED
    1. test_read6.c:80  - CU_ASSERT_EQUAL(_r,0)
  Test: Flags ...    [SKIPPED] No flags here. Skipping test
passed
  Test: Cut ...    something before the end`;

it('lists the tests of one family by suite', () => {
  expect([...testsOf(LIST, 'SCSI')]).toEqual([
    ['Read6', ['Simple', 'BeyondEol']],
    ['Sanitize', ['Reset']],
  ]);
});

it('tells passed, failed, skipped and cut short apart', () => {
  const outcomes = outcomesOf('Read6', ['Simple', 'BeyondEol', 'Flags', 'Cut', 'Never'], OUTPUT);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'skipped', 'died', 'died']);
  expect(outcomes[1]?.reason).toContain('READ6 was GOOD');
});

it('takes talk on the way for no failure', () => {
  const output = '  Test: VPD ...    [FAILED] WRITESAME10 is not there\npassed\nRun Summary:';
  expect(outcomesOf('WriteSame10', ['VPD'], output)).toMatchObject([{ outcome: 'passed' }]);
});

it('knows the tool’s own defects by what it says then, and no other failure of the same test', () => {
  const said = (text: string) =>
    outcomesOf('Unmap', ['ZeroBlocks'], `  Test: ZeroBlocks ...${text}\nFAILED\n`)[0]?.outcome;
  expect(said('    [FAILED] Failed to send UNMAP command: SG_IO ioctl failed')).toBe('tool');
  expect(said('    [FAILED] UNMAP command failed with status 2')).toBe('failed');
});

it('prints a row per suite, and every failure and skip with its reason', () => {
  const outcomes = outcomesOf('Read6', ['Simple', 'BeyondEol', 'Flags', 'Cut'], OUTPUT);
  const text = tableOf(new Map([['thin', outcomes]]));
  expect(text).toMatch(/Read6 +1 \/ 2 \/ 1/);
  expect(text).toContain('thin: failed: Read6.BeyondEol: [FAILED] READ6 was GOOD');
  expect(text).toContain('thin: died: Read6.Cut');
  expect(text).toContain('thin: skipped: No flags here. Skipping test (Read6.Flags)');
});
