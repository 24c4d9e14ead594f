// REPORT TARGET PORT GROUPS: one group with each port once, in both formats of the data.
import { addNexus } from '../index.js';
import { disk64, hex, nexus, outcome } from '../testing/disk-fixture.js';

const report = (format = 0, length = 255) =>
  Uint8Array.from([0xa3, (format << 5) | 0x0a, 0, 0, 0, 0, 0, 0, 0, length, 0, 0]);

/** Runs commands on a disk with a nexus by each of these ports. */
function withPorts(...ports: number[]) {
  const { unit, run } = disk64();
  ports.forEach((relTgtId, at) => addNexus(unit, nexus(`s${at + 1}`, { relTgtId })));
  unit.nexuses.get('s1')?.attentions.splice(0);
  return run;
}

it('puts each port once into one group that is active/optimized', async () => {
  const run = withPorts(7, 258, 7);
  expect(hex((await run(report())).data)).toBe('00000010' + '0001000100000002' + '00000007' + '00000102');
});

it('has the extended header where it is asked for, and no more than the allocation length', async () => {
  const run = withPorts(1);
  expect(hex((await run(report(1))).data)).toBe('00000010' + '10000000' + '0001000100000001' + '00000001');
  expect(hex((await run(report(1, 6))).data)).toBe('000000101000');
});

it('refuses another format', async () => {
  expect(outcome(await withPorts(1)(report(2)))).toBe('05/24/00');
});
