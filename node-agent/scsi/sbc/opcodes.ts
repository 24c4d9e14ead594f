// The commands of a disk (SBC-3) beside those that every personality has.
import type { CommandDefinition } from '../spc/command.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { startsOnly, startStopUnit, synchronizeCache } from './cache.js';
import { readCapacity10, readCapacity16 } from './capacity.js';
import { orWrite, writeAndVerify } from './combined-writes.js';
import { compareAndWrite } from './compare-and-write.js';
import { readDefectData10, readDefectData12 } from './defects.js';
import { formatUnit } from './format-unit.js';
import { getLbaStatus } from './lba-status.js';
import { preFetch } from './pre-fetch.js';
import { read, write } from './read-write.js';
import { reassignBlocks } from './reassign-blocks.js';
import { sanitizeBlockErase, sanitizeExitFailure, sanitizeOverwrite } from './sanitize.js';
import { rezeroUnit, seek } from './seek.js';
import { unmap } from './unmap.js';
import { verify } from './verify.js';
import { writeAtomic } from './write-atomic.js';
import { writeSame } from './write-same.js';

const ANY16 = [0xff, 0xff];
const ANY32 = [...ANY16, ...ANY16];
const ANY64 = [...ANY32, ...ANY32];

/** CDB usage data of READ, WRITE, VERIFY and SYNCHRONIZE CACHE; `flags`: evaluated bits of byte 1. */
const cdb6 = (opcode: number): number[] => [opcode, 0x1f, 0xff, 0xff, 0xff, 0];
const cdb10 = (opcode: number, flags: number): number[] => [opcode, flags, ...ANY32, 0, ...ANY16, 0];
const cdb12 = (opcode: number, flags: number): number[] => [opcode, flags, ...ANY32, ...ANY32, 0, 0];
const cdb16 = (opcode: number, flags: number): number[] => [opcode, flags, ...ANY64, ...ANY32, 0, 0];

/** RDPROTECT or WRPROTECT, DPO, FUA. */
const TRANSFER_FLAGS = 0xf8;
/** VRPROTECT, DPO, BYTCHK. */
const VERIFY_FLAGS = 0xf6;
const IMMED = 0x02;

const reads = definitions(
  'READ',
  [cdb6(0x08), cdb10(0x28, TRANSFER_FLAGS), cdb12(0xa8, TRANSFER_FLAGS), cdb16(0x88, TRANSFER_FLAGS)],
  {
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: read,
  },
);

const writes = definitions(
  'WRITE',
  [cdb6(0x0a), cdb10(0x2a, TRANSFER_FLAGS), cdb12(0xaa, TRANSFER_FLAGS), cdb16(0x8a, TRANSFER_FLAGS)],
  {
    access: 'shared',
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: write,
  },
);

const verifies = definitions(
  'VERIFY',
  [cdb10(0x2f, VERIFY_FLAGS), cdb12(0xaf, VERIFY_FLAGS), cdb16(0x8f, VERIFY_FLAGS)],
  {
    access: 'shared',
    dataOut: true,
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: verify,
  },
);

/** Exclusive: another nexus that writes between the write and the comparison would make it fail. */
const verifiedWrites = definitions(
  'WRITE AND VERIFY',
  [cdb10(0x2e, VERIFY_FLAGS), cdb12(0xae, VERIFY_FLAGS), cdb16(0x8e, VERIFY_FLAGS)],
  {
    access: 'exclusive',
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: writeAndVerify,
  },
);

const preFetches = definitions('PRE-FETCH', [cdb10(0x34, IMMED), cdb16(0x90, IMMED)], {
  access: 'shared',
  needsMedium: true,
  persistentReservation: 'mediumRead',
  execute: preFetch,
});

const synchronizes = definitions('SYNCHRONIZE CACHE', [cdb10(0x35, IMMED), cdb16(0x91, IMMED)], {
  access: 'shared',
  needsMedium: true,
  flushesMedium: true,
  execute: synchronizeCache,
});

/** WRPROTECT, ANCHOR, UNMAP. */
const WRITE_SAME_FLAGS = 0xf8;
const NDOB = 0x01;

const sameWrites = definitions('WRITE SAME', [cdb10(0x41, WRITE_SAME_FLAGS), cdb16(0x93, WRITE_SAME_FLAGS | NDOB)], {
  access: 'shared',
  dataOut: true,
  needsMedium: true,
  writesMedium: true,
  execute: writeSame,
});

const BLOCK_ERASE = 0x02;

function isThin({ settings }: LogicalUnit): boolean {
  return settings.thinProvisioned;
}

/** IMMED, ZNR, AUSE and the service action. */
const sanitizes = (
  [
    [0x01, 'OVERWRITE', sanitizeOverwrite],
    [BLOCK_ERASE, 'BLOCK ERASE', sanitizeBlockErase],
    [0x1f, 'EXIT FAILURE MODE', sanitizeExitFailure],
  ] as const
).map(([serviceAction, name, execute]): CommandDefinition => ({
  opcode: 0x48,
  serviceAction,
  name: `SANITIZE, ${name}`,
  // Of media whose blocks can be unmapped.
  ...(serviceAction === BLOCK_ERASE && { available: isThin }),
  usage: [0x48, 0xff, 0, 0, 0, 0, 0, ...ANY16, 0],
  access: 'exclusive',
  dataOut: true,
  needsMedium: true,
  writesMedium: true,
  passesOperation: serviceAction === 0x1f || 'failed',
  execute,
}));

export const blockCommands: readonly CommandDefinition[] = [
  ...reads,
  ...writes,
  ...verifies,
  ...verifiedWrites,
  ...preFetches,
  ...synchronizes,
  ...sameWrites,
  {
    opcode: 0x42,
    name: 'UNMAP',
    usage: [0x42, 0x01, 0, 0, 0, 0, 0, ...ANY16, 0],
    access: 'shared',
    available: isThin,
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: unmap,
  },
  {
    opcode: 0x04,
    name: 'FORMAT UNIT',
    usage: [0x04, 0xff, 0, 0, 0, 0],
    access: 'exclusive',
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    passesOperation: 'failed',
    execute: formatUnit,
  },
  ...sanitizes,
  {
    opcode: 0x89,
    name: 'COMPARE AND WRITE',
    usage: [0x89, TRANSFER_FLAGS, ...ANY64, 0, 0, 0, 0xff, 0, 0],
    access: 'exclusive',
    runsOnce: true,
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: compareAndWrite,
  },
  {
    opcode: 0x9c,
    name: 'WRITE ATOMIC(16)',
    usage: [0x9c, TRANSFER_FLAGS, ...ANY64, ...ANY16, ...ANY16, 0, 0],
    access: 'exclusive',
    runsOnce: true,
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: writeAtomic,
  },
  {
    opcode: 0x9e,
    serviceAction: 0x12,
    name: 'GET LBA STATUS',
    usage: [0x9e, 0x1f, ...ANY64, ...ANY32, 0, 0],
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: getLbaStatus,
  },
  {
    opcode: 0x8b,
    name: 'ORWRITE(16)',
    usage: cdb16(0x8b, TRANSFER_FLAGS),
    access: 'exclusive',
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: orWrite,
  },
  {
    opcode: 0x01,
    name: 'REZERO UNIT',
    usage: [0x01, 0, 0, 0, 0, 0],
    access: 'shared',
    needsMedium: true,
    execute: rezeroUnit,
  },
  {
    opcode: 0x07,
    name: 'REASSIGN BLOCKS',
    usage: [0x07, 0x03, 0, 0, 0, 0],
    access: 'shared',
    dataOut: true,
    needsMedium: true,
    writesMedium: true,
    execute: reassignBlocks,
  },
  {
    opcode: 0x2b,
    name: 'SEEK(10)',
    usage: [0x2b, 0, ...ANY32, 0, 0, 0, 0],
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: seek,
  },
  {
    opcode: 0x37,
    name: 'READ DEFECT DATA(10)',
    usage: [0x37, 0, 0x1f, 0, 0, 0, 0, ...ANY16, 0],
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: readDefectData10,
  },
  {
    opcode: 0xb7,
    name: 'READ DEFECT DATA(12)',
    usage: [0xb7, 0x1f, ...ANY32, ...ANY32, 0, 0],
    access: 'shared',
    needsMedium: true,
    persistentReservation: 'mediumRead',
    execute: readDefectData12,
  },
  {
    opcode: 0x1b,
    name: 'START STOP UNIT',
    usage: [0x1b, 0x01, 0, 0x0f, 0xf7, 0],
    access: 'exclusive',
    passesReservation: startsOnly,
    persistentReservation: (cdb) => (startsOnly(cdb) ? 'ignored' : undefined),
    execute: startStopUnit,
  },
  {
    opcode: 0x25,
    name: 'READ CAPACITY(10)',
    usage: [0x25, 0, ...ANY32, 0, 0, 0x01, 0],
    access: 'shared',
    passesReservation: true,
    needsMedium: true,
    persistentReservation: 'ignored',
    execute: readCapacity10,
  },
  {
    opcode: 0x9e,
    serviceAction: 0x10,
    name: 'READ CAPACITY(16)',
    usage: [0x9e, 0x1f, ...ANY64, ...ANY32, 0x01, 0],
    access: 'shared',
    passesReservation: true,
    needsMedium: true,
    persistentReservation: 'ignored',
    execute: readCapacity16,
  },
];

function definitions(
  name: string,
  usages: number[][],
  common: Omit<CommandDefinition, 'opcode' | 'name' | 'usage'>,
): CommandDefinition[] {
  return usages.map((usage) => ({ ...common, opcode: usage[0] ?? 0, name: `${name}(${usage.length})`, usage }));
}
