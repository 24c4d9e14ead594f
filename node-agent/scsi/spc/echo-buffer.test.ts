// WRITE BUFFER and READ BUFFER with the echo buffer.
import { diskWithTwoNexuses, hex, outcome } from '../testing/disk-fixture.js';

const write = (length: string, mode = '0a') => `3b ${mode} 00 00 00 00 ${length} 00`;
const read = (length: string, mode = '0a') => `3c ${mode} 00 00 00 00 ${length} 00`;

it('gives each nexus back what it wrote last', async () => {
  const { run } = diskWithTwoNexuses();
  expect(outcome(await run(read('00 00 04')))).toBe('05/2c/00');
  await run(write('00 00 04'), { dataOut: Uint8Array.of(1, 2, 3, 4) });
  await run(write('00 00 02'), { on: 's2', dataOut: Uint8Array.of(9, 9) });
  expect(hex((await run(read('00 00 10'))).data)).toBe('01020304');
  expect(hex((await run(read('00 00 01'))).data)).toBe('01');
  expect(hex((await run(read('00 00 10'), { on: 's2' })).data)).toBe('0909');
});

it('tells its capacity, and takes no more', async () => {
  const { run } = diskWithTwoNexuses();
  expect(hex((await run(read('00 00 04', '0b'))).data)).toBe('00001000');
  expect(outcome(await run(write('00 10 01'), { dataOut: new Uint8Array(4097) }))).toBe('05/24/00');
  expect(outcome(await run(write('00 00 04'), { dataOut: new Uint8Array(3) }))).toBe('05/1a/00');
});

it('refuses other modes, such as the download of firmware', async () => {
  const { run } = diskWithTwoNexuses();
  expect(outcome(await run(write('00 00 04', '05'), { dataOut: new Uint8Array(4) }))).toBe('05/24/00');
  expect(outcome(await run(read('00 00 04', '02')))).toBe('05/24/00');
});
