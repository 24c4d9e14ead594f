// A disk whose medium other machines have too: no cache, and nothing that would hold for one of them only.
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const SHARED = { sharedMedium: true };

test.each([
  ['RESERVE(6)', '16 00 00 00 00 00'],
  ['RELEASE(10)', '57 00 00 00 00 00 00 00 00 00'],
  ['PERSISTENT RESERVE IN', '5e 00 00 00 00 00 00 00 20 00'],
  ['PERSISTENT RESERVE OUT', '5f 00 00 00 00 00 00 00 18 00'],
  ['COMPARE AND WRITE', '89 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00'],
  ['WRITE ATOMIC(16)', '9c 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00'],
  ['FORMAT UNIT', '04 00 00 00 00 00'],
  ['SANITIZE', '48 01 00 00 00 00 00 00 00 00'],
])('refuses %s, and does not claim to have it', async (_, cdb) => {
  const { run } = diskWithTwoNexuses(SHARED);
  const opcode = cdb.slice(0, 2);
  expect(outcome(await run(cdb, { dataOut: new Uint8Array(1024) }))).toBe('05/20/00');
  // REPORT SUPPORTED OPERATION CODES of the one opcode: SUPPORT 001b, not supported.
  const { data } = await run(`a3 0c 01 ${opcode} 00 00 00 00 00 40 00 00`);
  expect(hex(data).slice(2, 4)).toBe('01');
});

test('writes through, whatever MODE SELECT asks for', async () => {
  const { run, medium } = diskWithTwoNexuses(SHARED);
  expect(outcome(await run('0a 00 00 00 01 00', { dataOut: new Uint8Array(512) }))).toBe('GOOD');
  expect(medium.calls).toMatchObject([{ call: 'write', durable: true }]);
  const { data } = await run('1a 08 48 00 ff 00');
  expect(hex(data?.subarray(6, 7))).toBe('00');
});

test('claims no atomic accesses in the block limits page', async () => {
  const limits = async (options: object) => {
    const { data } = await diskWithTwoNexuses(options).run('12 01 b0 00 40 00');
    return [data?.[5], hex(data?.subarray(44, 48))];
  };
  expect(await limits({})).not.toContain('00000000');
  expect(await limits(SHARED)).toEqual([0, '00000000']);
});
