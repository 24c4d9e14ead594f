// EXTENDED COPY and RECEIVE COPY RESULTS: what is copied, what is refused before anything is, and what is told afterwards.
import fc from 'fast-check';
import { diskWithTwoNexuses, hex, IDENTITY, outcome, type DiskFixture } from '../../testing/disk-fixture.js';
import { CopyCancelled, execute, MediumError, type CopyPeer } from '../../index.js';
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

/** Of EXTENDED COPY(LID4). */
function longList(
  segments: Uint8Array[],
  { listId = 0x12345678, usage = 0, flags = 0 }: { listId?: number; usage?: number; flags?: number } = {},
): Uint8Array {
  const header = new Uint8Array(48);
  header.set([0x01, usage << 3, 0, 0x20]);
  header[15] = flags;
  header[16] = 0xff;
  putUint32(header, 20, listId);
  putUint16(header, 42, 64);
  putUint16(header, 44, segments.length * 28);
  return concat(header, cscd(IDENTITY.naa), cscd(OTHER_NAA), ...segments);
}

/** The same with other bytes from `at` on. */
function altered(list: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  list.set(bytes, at);
  return list;
}

function cdb(length: number, serviceAction = 0): Uint8Array {
  const command = new Uint8Array(16);
  command.set([0x83, serviceAction]);
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
  const copyLong = async (parameters: Uint8Array) =>
    await execute(one.unit, 's1', cdb(parameters.length, 1), parameters, 0, { peers });
  return { one, two, copy, copyLong };
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
    expect(hex(told)).toBe('00000008020001' + '0100000000');
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

const LONG_STATUS = '84 05 12 34 56 78 00 00 00 00 00 00 00 ff 00 00';

describe('EXTENDED COPY(LID4)', () => {
  it('copies as the older format does, and tells of it as often as it is asked', async () => {
    const { one, two, copyLong } = pair();
    const segments = [segment(0, 1, 4, 10, 20), segment(1, 0, 2, 20, 0)];
    // IMMED is ignored: the copy is done when the command is.
    expect(outcome(await copyLong(longList(segments, { flags: 0x02 })))).toBe('GOOD');
    expect(blocksOf(two).slice(20, 24)).toEqual([11, 12, 13, 14]);
    expect(blocksOf(one).slice(0, 3)).toEqual([11, 12, 3]);
    const told =
      '0000001c' + '01' + '01' + '0004' + 'fffffffe' + '00000000' + '0000000000000c00' + '0002' + '000000000000';
    for (const _ of [1, 2]) expect(hex((await one.run(LONG_STATUS)).data ?? new Uint8Array())).toBe(told);
    expect(outcome(await one.run(LONG_STATUS, { on: 's2' }))).toBe('05/24/00');
  });

  it('tells why a copy failed', async () => {
    const { one, two, copyLong } = pair();
    Object.assign(two.unit.settings, { readOnly: true });
    expect(outcome(await copyLong(longList([segment(0, 1, 4, 10, 20)])))).toBe('0a/0d/01');
    const told = (await one.run(LONG_STATUS)).data ?? new Uint8Array();
    expect(hex(told.subarray(4, 16))).toBe('01020000' + 'fffffffe' + '02080800');
    expect(hex(told.subarray(32))).toBe('720a0d0100000000');
  });

  it('tells that task management ended it', async () => {
    const { one, two } = pair();
    const peers = (): CopyPeer[] =>
      [one, two].map(({ unit }) => ({ unit, nexusId: 's1', run: () => Promise.reject(new CopyCancelled()) }));
    const parameters = longList([segment(0, 1, 4, 10, 20)]);
    await expect(execute(one.unit, 's1', cdb(parameters.length, 1), parameters, 0, { peers })).rejects.toThrow(
      CopyCancelled,
    );
    const told = (await one.run(LONG_STATUS)).data ?? new Uint8Array();
    expect(hex(told.subarray(4, 16))).toBe('01600000' + 'fffffffe' + '40000000');
  });

  it('takes a list identifier as the same in either format', async () => {
    const { one, copyLong } = pair();
    await copyLong(longList([segment(0, 1, 2, 0, 0)], { listId: 1 }));
    expect(hex((await one.run(STATUS)).data ?? new Uint8Array())).toBe('0000000801000101' + '00000001');
  });

  it.each<[string, Uint8Array, string]>([
    ['another format', altered(longList([]), 0, 0x02), '05/26/00'],
    ['a header without its descriptor', altered(longList([]), 2, 0, 0), '05/26/00'],
    ['a header with a descriptor of another type', altered(longList([]), 16, 0xe4), '05/26/00'],
    ['less than a header', longList([]).subarray(0, 47), '05/1a/00'],
    ['a list that is shorter than it says', longList([segment(0, 1, 1, 0, 0)]).subarray(0, 139), '05/1a/00'],
    ['inline data', concat(altered(longList([]), 46, 0, 4), [0, 0, 0, 0]), '05/26/0b'],
    ['a list identifier where none may be', longList([], { usage: 3 }), '05/26/00'],
    ['sense data beside GOOD', longList([], { flags: 0x01 }), '05/26/00'],
    [
      'a copy in the background that could not be asked for',
      longList([], { usage: 3, listId: 0, flags: 0x02 }),
      '05/24/00',
    ],
  ])('refuses %s', async (_, parameters, sense) => {
    const { two, copyLong } = pair();
    expect(outcome(await copyLong(parameters))).toBe(sense);
    expect(two.medium.calls).toEqual([]);
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
  expect(hex(page.subarray(0, 20))).toBe('008f0064' + '0001000c' + '09830200018403000305' + '0000');
  expect(page.length).toBe(4 + 0x64);
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
  const oneOf = fc.constantFrom<'copy' | 'copyLong'>('copy', 'copyLong');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), oneOf, async (tail, format) => {
      const { [format]: copy } = pair();
      const segments = [segment(0, 0, 1, 0, 1)];
      const parameters = format === 'copy' ? list([cscd(OTHER_NAA)], segments) : longList(segments);
      parameters.set(tail.subarray(0, parameters.length), parameters.length - Math.min(tail.length, parameters.length));
      expect((await copy(parameters)).status).toBeLessThan(0x40);
    }),
  );
});
