// Mode pages of a disk (SBC-3 6.5, SPC-4 7.5): SCST's set and values, where they are true of us.
import { bytes16 } from '../spc/bytes.js';
import type { LogicalUnit } from '../spc/logical-unit.js';
import { CACHING_PAGE, CONTROL_PAGE, type ModePageDefinition } from '../spc/mode-pages.js';

/** The geometry that SCST reports to initiators that still ask for one. */
const HEADS = 255n;
const SECTORS_PER_TRACK = 56;
const CYLINDERS_MAX = 0xff_ffffn;
/** Revolutions a minute that stand for "rotational", as in VPD page B1. */
const ROTATION_RATE = 15_000;

function page(code: number, ...body: number[]): Uint8Array {
  return Uint8Array.from([code, body.length, ...body]);
}

function fixedPage(code: number, defaults: (unit: LogicalUnit) => Uint8Array): ModePageDefinition {
  return { code, defaults, changeable: (unit) => new Uint8Array(defaults(unit).length) };
}

/** AWRE and ARRE, one retry each, recovery without a limit of time. */
const readWriteErrorRecovery = fixedPage(0x01, () => page(0x01, 0xc0, 1, 0, 0, 0, 0, 1, 0, 0xff, 0xff));

const disconnectReconnect = fixedPage(0x02, () => page(0x02, 128, 128, 0, 10, ...zeros(10)));

const formatDevice = fixedPage(0x03, ({ blockSize }) =>
  // HSEC: hard sectors.
  page(0x03, ...zeros(8), ...bytes16(SECTORS_PER_TRACK), ...bytes16(blockSize), ...zeros(6), 0x40, ...zeros(3)),
);

const rigidDiskGeometry = fixedPage(0x04, ({ medium, settings }) => {
  const perCylinder = HEADS * BigInt(SECTORS_PER_TRACK);
  const needed = ((medium?.blocks ?? 0n) + perCylinder - 1n) / perCylinder;
  const cylinders = Number(needed < CYLINDERS_MAX ? needed : CYLINDERS_MAX);
  const rate = settings.rotational ? bytes16(ROTATION_RATE) : [0, 0];
  return page(0x04, cylinders >> 16, ...bytes16(cylinders), Number(HEADS), ...zeros(14), ...rate, 0, 0);
});

const caching: ModePageDefinition = {
  code: CACHING_PAGE,
  defaults: ({ settings }) => {
    const writeCache = settings.writeCache && !settings.nvCache && !settings.sharedMedium;
    // FSW: a flush writes segments in order; 20 cache segments, as SCST says.
    return page(CACHING_PAGE, writeCache ? 0x04 : 0, ...zeros(9), 0x80, 20, ...zeros(6));
  },
  changeable: ({ settings }) => mask(20, settings.nvCache || settings.sharedMedium ? {} : { 2: 0x04 }),
};

const control: ModePageDefinition = {
  code: CONTROL_PAGE,
  // TST 001b: a task set per nexus. QUEUE ALGORITHM MODIFIER 1: unrestricted reordering.
  defaults: ({ settings }) => page(CONTROL_PAGE, settings.taskSetPerNexus ? 0x20 : 0, 0x10, ...zeros(8)),
  // D_SENSE, SWP, TAS; QErr and TMF_ONLY would ask the task management for what it doesn't do.
  changeable: () => mask(12, { 2: 0x04, 4: 0x08, 5: 0x40 }),
};

/** TCMOS, SCSIP: the timestamp is the node's until a command sets it. No priorities, no limit of sense data (SPC-4 7.5.9). */
const controlExtension: ModePageDefinition = {
  ...fixedPage(CONTROL_PAGE, () => Uint8Array.from([0x40 | CONTROL_PAGE, 0x01, 0, 28, 0x06, ...zeros(27)])),
  subpage: 0x01,
};

/** No idle or standby timer runs (SPC-4 7.5.13). */
const powerCondition = fixedPage(0x1a, () => page(0x1a, ...zeros(38)));

/** DEXCPT: exceptions are not reported. */
const informationalExceptions = fixedPage(0x1c, () => page(0x1c, 0x08, ...zeros(9)));

export const diskModePages: readonly ModePageDefinition[] = [
  readWriteErrorRecovery,
  disconnectReconnect,
  formatDevice,
  rigidDiskGeometry,
  caching,
  control,
  controlExtension,
  powerCondition,
  informationalExceptions,
];

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function mask(length: number, bits: Record<number, number>): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => bits[at] ?? 0);
}
