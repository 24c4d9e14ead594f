// EXTENDED COPY and RECEIVE COPY RESULTS: what is copied, what is refused before anything is, and what is told afterwards.
import fc from 'fast-check';
import { diskWithTwoNexuses, hex, IDENTITY, outcome, type DiskFixture } from '../../testing/disk-fixture.js';
import { execute, MediumError, type CopyPeer } from '../../index.js';
import { concat, fromHex, putUint16, putUint32, putUint64, uint16, uint32 } from '../bytes.js';
import { CHUNK_BYTES, chunksOf } from './chunks.js';
import { MAXIMUM_CSCDS, MAXIMUM_LIST_LENGTH, MAXIMUM_SEGMENTS } from './limits.js';

const OTHER_NAA = '5a5b0001c0ffee22';

function cscd(naa: string, changes: { type?: number; flags?: number; blockSize?: number } = {}): Uint8Array {
  const descriptor = new Uint8Array(32);
  descriptor.set([changes.type ?? 0xe4, changes.flags ?? 0, 0, 0, 0x01, 0x03, 0, 8]);
  descriptor.set(fromHex(naa), 8);
  putUint32(descriptor, 28, changes.blockSize ?? 512);
  return descriptor;
}

function segment(source: number, destination: number, blocks: number, from: number, to: number, flags = 0) {
  const descriptor = new Uint8Array(28);
  descriptor.set([0x02, flags, 0, 0x18]);
  putUint16(descriptor, 4, source);
  putUint16(descriptor, 6, destination);
  putUint16(descriptor, 10, blocks);
  putUint64(descriptor, 12, BigInt(from));
  putUint64(descriptor, 20, BigInt(to));
  return descriptor;
}

function list(cscds: Uint8Array[], segments: Uint8Array[], listId = 1, usage = 0): Uint8Array {
  const header = new Uint8Array(16);
  header.set([listId, usage << 3]);
  putUint16(header, 2, cscds.length * 32);
  putUint32(header, 8, segments.length * 28);
  return concat(header, ...cscds, ...segments);
}

function cdb(length: number): Uint8Array {
  const command = new Uint8Array(16);
  command[0] = 0x83;
  putUint32(command, 10, length);
  return command;
}

/** Two disks of 64 blocks that s1 reaches; the first holds its block numbers. */
function pair(options: Parameters<typeof diskWithTwoNexuses>[0] = {}) {
  const one = diskWithTwoNexuses();
  const two = diskWithTwoNexuses({ identity: { ...IDENTITY, naa: OTHER_NAA }, ...options });
  one.medium.content.forEach((_, at) => (one.medium.content[at] = Math.floor(at / 512) + 1));
  const peers = (): CopyPeer[] =>
    [one, two].map(({ unit }) => ({ unit, nexusId: 's1', run: async (work) => await work(unit) }));
  const copy = async (parameters: Uint8Array) =>
    await execute(one.unit, 's1', cdb(parameters.length), parameters, 0, { peers });
  return { one, two, copy };
}

function blocksOf({ medium }: DiskFixture): number[] {
  return Array.from({ length: 64 }, (_, block) => medium.content[block * 512] ?? 0);
}

const STATUS = '84 00 01 00 00 00 00 00 00 00 00 00 00 ff 00 00';

describe('EXTENDED COPY', () => {
  it('copies segments between the units and within one, in their order', async () => {
    const { one, two, copy } = pair();
    const parameters = list(
      [cscd(IDENTITY.naa), cscd(OTHER_NAA)],
      [segment(0, 1, 4, 10, 20), segment(1, 0, 2, 20, 0), segment(1, 1, 4, 20, 22)],
    );
    expect(outcome(await copy(parameters))).toBe('GOOD');
    expect(blocksOf(two).slice(20, 26)).toEqual([11, 12, 11, 12, 13, 14]);
    expect(blocksOf(one).slice(0, 3)).toEqual([11, 12, 3]);
  });

  it('copies nothing for a list of no length, or without segments', async () => {
    const { two, copy } = pair();
    expect(outcome(await copy(new Uint8Array()))).toBe('GOOD');
    expect(outcome(await copy(list([cscd(OTHER_NAA)], [])))).toBe('GOOD');
    expect(two.medium.calls).toEqual([]);
  });

  it.each<[string, Uint8Array, string]>([
    [
      'a list that is shorter than it says',
      list([cscd(OTHER_NAA)], [segment(0, 0, 1, 0, 1)]).subarray(0, 70),
      '05/1a/00',
    ],
    [
      'one longer than the limit',
      concat(list(new Array(17).fill(cscd(OTHER_NAA)) as [], new Array(65).fill(segment(0, 0, 1, 0, 1)) as [])),
      '05/1a/00',
    ],
    ['too many CSCDs', list(new Array(MAXIMUM_CSCDS + 1).fill(cscd(OTHER_NAA)) as [], []), '05/26/06'],
    [
      'too many segments',
      list([cscd(OTHER_NAA)], new Array(MAXIMUM_SEGMENTS + 1).fill(segment(0, 0, 1, 0, 1)) as []),
      '05/26/08',
    ],
    ['another type of CSCD', list([cscd(OTHER_NAA, { type: 0xe0 })], []), '05/26/07'],
    ['another type of segment', list([cscd(OTHER_NAA)], [new Uint8Array(28).fill(3, 0, 1)]), '05/26/09'],
    ['a list identifier where none may be', list([], [], 1, 3), '05/26/00'],
    ['a unit out of reach', list([cscd('5a5b0001c0ffee33')], [segment(0, 0, 1, 0, 1)]), '0a/0d/02'],
    ['an index without CSCD', list([cscd(OTHER_NAA)], [segment(0, 1, 1, 0, 1)]), '0a/0d/02'],
    ['another device type', list([cscd(OTHER_NAA, { flags: 0x05 })], [segment(0, 0, 1, 0, 1)]), '0a/0d/03'],
    ['another block size', list([cscd(OTHER_NAA, { blockSize: 4096 })], [segment(0, 0, 1, 0, 1)]), '0a/0d/03'],
    ['a source beyond the end', list([cscd(OTHER_NAA)], [segment(0, 0, 1, 0, 1), segment(0, 0, 2, 63, 0)]), '0a/00/00'],
    [
      'a destination beyond the end',
      list([cscd(OTHER_NAA)], [segment(0, 0, 1, 0, 1), segment(0, 0, 2, 0, 63)]),
      '0a/00/00',
    ],
  ])('refuses %s before it copies anything', async (_, parameters, sense) => {
    const { two, copy } = pair();
    expect(outcome(await copy(parameters))).toBe(sense);
    expect(two.medium.calls).toEqual([]);
    expect(outcome(await two.run(STATUS))).toBe('05/24/00');
  });

  it('counts blocks of the destination with DC, and refuses what ends within a block', async () => {
    const small = diskWithTwoNexuses();
    const { unit } = small;
    const large = diskWithTwoNexuses({ identity: { ...IDENTITY, naa: OTHER_NAA } });
    Object.assign(large.unit, {
      blockSize: 4096,
      medium: Object.assign(large.medium, { blockSize: 4096, blocks: 8n }),
    });
    const peers = (): CopyPeer[] =>
      [small, large].map((disk) => ({ unit: disk.unit, nexusId: 's1', run: async (work) => await work(disk.unit) }));
    const copy = async (each: Uint8Array) => {
      const parameters = list([cscd(IDENTITY.naa), cscd(OTHER_NAA, { blockSize: 4096 })], [each]);
      return outcome(await execute(unit, 's1', cdb(parameters.length), parameters, 0, { peers }));
    };
    expect(await copy(segment(0, 1, 7, 0, 0))).toBe('0a/26/0a');
    small.medium.content.fill(9, 0, 8192);
    expect(await copy(segment(0, 1, 2, 0, 1, 0x02))).toBe('GOOD');
    expect([4095, 4096, 12287, 12288].map((at) => large.medium.content[at])).toEqual([0, 9, 9, 0]);
  });

  it.each<[string, (two: DiskFixture) => Promise<unknown> | void]>([
    ['reserved', (two) => two.run('16 00 00 00 00 00', { on: 's2' })],
    ['write-protected', (two) => void Object.assign(two.unit.settings, { readOnly: true })],
    ['failing', (two) => void (two.medium.failure = new MediumError('write', 'broken'))],
  ])('ends as COPY ABORTED when the destination is %s, and tells of it once', async (_, spoil) => {
    const { one, two, copy } = pair();
    await spoil(two);
    expect(outcome(await copy(list([cscd(IDENTITY.naa), cscd(OTHER_NAA)], [segment(0, 1, 1, 0, 0)])))).toBe('0a/0d/01');
    const told = (await one.run(STATUS)).data ?? new Uint8Array();
    expect(hex(told)).toBe('00000008020000' + '0100000000');
    expect(outcome(await one.run(STATUS))).toBe('05/24/00');
  });

  it('leaves a unit attention of the destination pending, and copies', async () => {
    const { two, copy } = pair();
    two.unit.nexuses.get('s1')?.attentions.push({ asc: 0x2a, ascq: 0x09 });
    expect(outcome(await copy(list([cscd(IDENTITY.naa), cscd(OTHER_NAA)], [segment(0, 1, 1, 0, 0)])))).toBe('GOOD');
    expect(outcome(await two.run('00 00 00 00 00 00'))).toBe('06/2a/09');
  });

  it('writes durably where the destination has no write cache', async () => {
    const { two, copy } = pair({ writeCache: false });
    await copy(list([cscd(IDENTITY.naa), cscd(OTHER_NAA)], [segment(0, 1, 1, 0, 0)]));
    expect(two.medium.calls).toEqual([{ call: 'write', offset: 0, length: 512, durable: true }]);
  });
});

describe('RECEIVE COPY RESULTS', () => {
  it.each([
    ['hold', 0, '0000000801000101' + '00000002'],
    ['discard', 2, undefined],
  ])('tells of a copy that has ended, with LIST ID USAGE %s', async (_, usage, told) => {
    const { one, copy } = pair();
    await copy(list([cscd(OTHER_NAA)], [segment(0, 0, 4, 0, 8)], 1, usage));
    const result = await one.run(STATUS);
    expect(result.data && hex(result.data)).toBe(told);
    expect(outcome(await one.run(STATUS, { on: 's2' }))).toBe('05/24/00');
  });

  it('tells the limits that EXTENDED COPY holds to', async () => {
    const { one } = pair();
    const { data = new Uint8Array() } = await one.run('84 03 00 00 00 00 00 00 00 00 00 00 00 ff 00 00');
    expect([uint32(data, 0), uint16(data, 8), uint16(data, 10), uint32(data, 12)]).toEqual([
      data.length - 4,
      MAXIMUM_CSCDS,
      MAXIMUM_SEGMENTS,
      MAXIMUM_LIST_LENGTH,
    ]);
    expect(hex(data.subarray(43))).toBe('0202e4');
  });

  it('forgets the oldest result when there are too many', async () => {
    const { one, copy } = pair();
    for (let id = 1; id <= 17; id += 1) await copy(list([cscd(OTHER_NAA)], [], id));
    expect(outcome(await one.run(STATUS))).toBe('05/24/00');
    expect(outcome(await one.run(STATUS.replace('01', '02')))).toBe('GOOD');
  });
});

it('announces copying in INQUIRY and VPD page 8F', async () => {
  const { run } = diskWithTwoNexuses();
  expect(((await run('12 00 00 00 ff 00')).data ?? [])[5]).toBe(0x08);
  const page = (await run('12 01 8f 00 ff 00')).data ?? new Uint8Array();
  expect(hex(page.subarray(0, 16))).toBe('008f0060' + '00010008' + '0783010084020003');
  expect(page.length).toBe(4 + 0x60);
});

it('cuts a range so that copying chunk by chunk is like copying it at once', () => {
  const size = 5 * 64;
  fc.assert(
    fc.property(fc.nat(size - 1), fc.nat(size - 1), fc.nat(size), (source, destination, wanted) => {
      const length = Math.min(wanted, size - Math.max(source, destination));
      const content = Uint8Array.from({ length: size }, (_, at) => at % 251);
      const expected = content.slice();
      expected.copyWithin(destination, source, source + length);
      // A byte stands for a 16,384th of a chunk.
      const scale = CHUNK_BYTES / 64;
      for (const chunk of chunksOf(source * scale, destination * scale, length * scale, true)) {
        const part = content.slice(chunk.source / scale, (chunk.source + chunk.length) / scale);
        content.set(part, chunk.destination / scale);
      }
      expect(hex(content)).toBe(hex(expected));
    }),
  );
});

it('throws nothing but CHECK CONDITION at any parameter list', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (tail) => {
      const { copy } = pair();
      const parameters = list([cscd(OTHER_NAA)], [segment(0, 0, 1, 0, 1)]);
      parameters.set(tail.subarray(0, parameters.length), parameters.length - Math.min(tail.length, parameters.length));
      expect((await copy(parameters)).status).toBeLessThan(0x40);
    }),
  );
});
