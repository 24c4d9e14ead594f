// UNMAP, WRITE SAME and GET LBA STATUS, and what READ CAPACITY and the VPD pages promise about them.
import { concat, putUint32, putUint64 } from '../spc/bytes.js';
import { MediumError } from '../types.js';
import { bytes, disk64, diskWithTwoNexuses, hex, outcome, type DiskFixture } from '../testing/disk-fixture.js';

const BLOCK = 512;

let thin: DiskFixture;
beforeEach(() => {
  thin = diskWithTwoNexuses({ thinProvisioned: true });
  thin.medium.content.fill(7);
});

/** UNMAP of ranges [LBA, blocks]. */
async function unmap(fixture: DiskFixture, ...ranges: [bigint, number][]): Promise<string> {
  const descriptors = ranges.map(([lba, blocks]) => {
    const descriptor = new Uint8Array(16);
    putUint64(descriptor, 0, lba);
    putUint32(descriptor, 8, blocks);
    return descriptor;
  });
  const length = 16 * ranges.length;
  const list = concat([0, length + 6, 0, length, 0, 0, 0, 0], ...descriptors);
  const cdb = Uint8Array.from([0x42, 0, 0, 0, 0, 0, 0, 0, list.length, 0]);
  return outcome(await fixture.run(cdb, { dataOut: list }));
}

/** Blocks that don't hold the 7 that they had at the beginning. */
function changed({ medium }: DiskFixture): number[] {
  const blocks = Array.from({ length: 64 }, (_, at) => at);
  return blocks.filter((at) => medium.content.subarray(at * BLOCK, (at + 1) * BLOCK).some((byte) => byte !== 7));
}

describe('UNMAP', () => {
  it('gives every range back, and it reads as zeros', async () => {
    expect(await unmap(thin, [8n, 2], [60n, 4], [3n, 0])).toBe('GOOD');
    expect(changed(thin)).toEqual([8, 9, 60, 61, 62, 63]);
    expect(thin.medium.calls).toEqual([
      { call: 'discard', offset: 4096, length: 1024 },
      { call: 'discard', offset: 30720, length: 2048 },
    ]);
  });

  it('gives nothing back when one range is out of the medium', async () => {
    expect(await unmap(thin, [8n, 2], [63n, 2])).toBe('05/21/00');
    expect(await unmap(thin, [64n, 0])).toBe('GOOD');
    expect(changed(thin)).toEqual([]);
  });

  it.each([
    ['no list', '42 00 00 00 00 00 00 00 00 00', '', 'GOOD'],
    ['a list without descriptors', '42 00 00 00 00 00 00 00 08 00', '0006000000000000', 'GOOD'],
    ['a header that is cut', '42 00 00 00 00 00 00 00 07 00', '00060000000000', '05/1a/00'],
    ['less data than the list', '42 00 00 00 00 00 00 00 18 00', '0006000000000000', '05/1a/00'],
    ['ANCHOR', '42 01 00 00 00 00 00 00 08 00', '0006000000000000', '05/24/00'],
    ['an incomplete descriptor', '42 00 00 00 00 00 00 00 0c 00', '000a000400000000 00000000', 'GOOD'],
  ])('%s', async (_what, cdb, list, expected) => {
    expect(outcome(await thin.run(cdb, { dataOut: bytes(list) }))).toBe(expected);
    expect(thin.medium.calls).toEqual([]);
  });

  it('refuses more blocks than VPD page B0 allows, all ranges together', async () => {
    expect(await unmap(thin, [0n, 1], [1n, 256 * 2048])).toBe('05/26/00');
  });

  it('is durable before GOOD without a write cache, and a failure is a medium error', async () => {
    const through = diskWithTwoNexuses({ thinProvisioned: true, writeCache: false });
    expect(await unmap(through, [0n, 8])).toBe('GOOD');
    expect(through.medium.calls.map(({ call }) => call)).toEqual(['discard', 'flush']);
    thin.medium.failure = new MediumError('write', 'gone');
    expect(await unmap(thin, [0n, 8])).toBe('03/0c/00');
  });

  it('disk-07: is unknown, and promised nowhere, without thin provisioning', async () => {
    const thick = diskWithTwoNexuses();
    expect(await unmap(thick, [0n, 8])).toBe('05/20/00');
    expect(hex((await thick.run('9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00')).data?.subarray(14, 15))).toBe('00');
    expect(hex((await thick.run('12 01 00 00 ff 00')).data)).toBe('00000007008083868fb0b1');
    expect(outcome(await thick.run('12 01 b2 00 ff 00'))).toBe('05/24/00');
    expect(hex((await thick.run('12 01 b0 00 40 00')).data?.subarray(20, 36))).toBe('00'.repeat(16));
    expect(hex((await thick.run('a3 0c 01 42 00 00 00 00 00 ff 00 00')).data)).toBe('00010000');
  });
});

describe('what is promised', () => {
  it('LBPME and LBPRZ, page B2, and the limits of page B0', async () => {
    expect(hex((await thin.run('9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00')).data?.subarray(14, 15))).toBe('c0');
    expect(hex((await thin.run('12 01 b2 00 ff 00')).data)).toBe('00b2000400e40200');
    const limits = hex((await thin.run('12 01 b0 00 40 00')).data);
    expect(limits).toBe(
      ['00b0003c', '01ff0008', '00000800', '00000400', '00000000', '00080000', 'ffffffff', '00000008', '80000000'].join(
        '',
      ) +
        '000000000000ffff' +
        '00000800' +
        '00'.repeat(16),
    );
  });
});

describe('WRITE SAME', () => {
  const same10 = (flags: string, blocks: string) => `41 ${flags} 00 00 00 04 00 ${blocks} 00`;
  const same16 = (flags: string, blocks: string) => `93 ${flags} 00 00 00 00 00 00 00 04 00 00 ${blocks} 00 00`;
  const pattern = new Uint8Array(BLOCK).fill(9);

  it.each([
    ['10', same10('00', '00 03')],
    ['16', same16('00', '00 03')],
  ])('(%s) writes the block over the range', async (_size, cdb) => {
    expect(outcome(await thin.run(cdb, { dataOut: pattern }))).toBe('GOOD');
    expect(changed(thin)).toEqual([4, 5, 6]);
    expect(thin.medium.content.subarray(4 * BLOCK, 7 * BLOCK).every((byte) => byte === 9)).toBe(true);
  });

  it('writes zeros without giving space back, and with UNMAP gives it back', async () => {
    await thin.run(same16('00', '00 03'), { dataOut: new Uint8Array(BLOCK) });
    await thin.run(same16('08', '00 03'), { dataOut: new Uint8Array(BLOCK) });
    await thin.run(same16('01', '00 03'));
    await thin.run(same16('09', '00 03'));
    expect(thin.medium.calls.map(({ call }) => call)).toEqual(['zero', 'discard', 'zero', 'discard']);
    expect(changed(thin)).toEqual([4, 5, 6]);
  });

  it('with UNMAP writes a block that is not zeros: unmapped blocks would read as zeros', async () => {
    await thin.run(same16('08', '00 03'), { dataOut: pattern });
    expect(thin.medium.calls.map(({ call }) => call)).toEqual(['write']);
  });

  it.each([
    ['no blocks', same16('01', '00 00'), '05/24/00'],
    ['more blocks than page B0 allows', '93 01 00 00 00 00 00 00 00 00 00 01 00 00 00 00', '05/24/00'],
    ['a range out of the medium', same16('01', '00 3d'), '05/21/00'],
    ['ANCHOR', same16('18', '00 01'), '05/24/00'],
    ['WRPROTECT', same16('20', '00 01'), '05/24/00'],
    ['LBDATA', same10('02', '00 01'), '05/24/00'],
    ['no data', same10('00', '00 01'), '05/24/00'],
  ])('refuses %s and writes nothing', async (_what, cdb, expected) => {
    expect(outcome(await thin.run(cdb))).toBe(expected);
    expect(changed(thin)).toEqual([]);
  });

  it('with UNMAP is refused without thin provisioning', async () => {
    expect(outcome(await diskWithTwoNexuses().run(same16('09', '00 01')))).toBe('05/24/00');
  });
});

describe('GET LBA STATUS', () => {
  const status = (lba: string, length: string) => `9e 12 00 00 00 00 00 00 00 ${lba} 00 00 00 ${length} 00 00`;
  const run = (lba: number, blocks: number, state: number) =>
    `${lba.toString(16).padStart(16, '0')}${blocks.toString(16).padStart(8, '0')}0${state}000000`;

  it('tells which blocks have space, from the wanted one to the end', async () => {
    await unmap(thin, [8n, 8]);
    expect(hex((await thin.run(status('00', 'ff'))).data)).toBe(
      '00000034' + '00000000' + run(0, 8, 0) + run(8, 8, 1) + run(16, 48, 0),
    );
    expect(hex((await thin.run(status('0a', '18'))).data)).toBe('00000014' + '00000000' + run(10, 6, 1));
    expect(hex((await thin.run(status('0a', '04'))).data)).toBe('00000014');
  });

  it('a block of which a part has space is mapped', async () => {
    thin.medium.holes.push({ offset: 8 * BLOCK + 100, length: 3 * BLOCK });
    expect(hex((await thin.run(status('08', 'ff'))).data)).toBe(
      '00000044' + '00000000' + run(8, 1, 0) + run(9, 2, 1) + run(11, 1, 0) + run(12, 52, 0),
    );
  });

  it('without thin provisioning all blocks are mapped; beyond the medium is out of range', async () => {
    expect(hex((await disk64Ready().run(status('02', 'ff'))).data)).toBe('00000014' + '00000000' + run(2, 62, 0));
    expect(outcome(await thin.run(status('40', 'ff')))).toBe('05/21/00');
  });
});

function disk64Ready(): DiskFixture {
  return diskWithTwoNexuses();
}

describe('write protection', () => {
  it.each(['41 00 00 00 00 04 00 00 01 00', '93 09 00 00 00 00 00 00 00 04 00 00 00 01 00 00'])(
    'holds for %s',
    async (cdb) => {
      const fixture = diskWithTwoNexuses({ thinProvisioned: true, readOnly: true });
      expect(outcome(await fixture.run(cdb, { dataOut: new Uint8Array(BLOCK) }))).toBe('07/27/00');
      expect(await unmap(fixture, [0n, 1])).toBe('07/27/00');
      expect(disk64().medium.calls).toEqual([]);
    },
  );
});
