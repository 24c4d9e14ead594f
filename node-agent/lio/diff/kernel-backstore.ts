// What a disk that LIO serves itself is made of, and how one that exists differs from it (pure).
import type { DesiredKernelDisk, KernelDiskParameters, ObservedBackstore } from '../model.js';
import type { Step } from './steps.js';

/**
 * What the kernel opens when the backstore is enabled: descriptor 3 of the process that enables it. So it is the file or
 * block device that was checked, whatever its path leads to meanwhile, and no value of `control` holds a comma of a user's.
 */
const OPENED = '/proc/self/fd/3';
const FILENAME = 'udev_path';
const INFO = 'info';
const SERIAL = 'wwn/vpd_unit_serial';

/** Fixed when the backstore is enabled; the path is only told to LIO for people, and for this comparison. */
function fixed(parameters: KernelDiskParameters): Record<'filename' | 'mode', string> {
  const { filename } = parameters;
  if (parameters.plugin === 'iblock') return { filename, mode: parameters.readOnly ? '1' : '0' };
  return { filename, mode: parameters.writeThrough ? 'O_DSYNC' : 'Buffered-WCE' };
}

/** Where `info` says what `mode` is. */
const MODE = { fileio: /\bMode: (\S+)/, iblock: /\breadonly: (\d)/ } as const;
const SIZE = /\bSize: (\d+)\s+Mode: /;

function controlOf(parameters: KernelDiskParameters): Record<string, string> {
  if (parameters.plugin === 'iblock') return { udev_path: OPENED, readonly: parameters.readOnly ? '1' : '0' };
  return {
    fd_dev_name: OPENED,
    fd_dev_size: String(parameters.sizeBytes),
    // Through the page cache; without it LIO opens the file with O_DSYNC.
    ...(!parameters.writeThrough && { fd_buffered_io: '1' }),
  };
}

/** Written once it is enabled, which sets the defaults of most; the kernel refuses them while a LUN is linked. */
function attributesOf(parameters: KernelDiskParameters): Record<string, string> {
  const { blockSize, rotational, thinProvisioned, optimalTransferLength, identity } = parameters;
  const thin = thinProvisioned ? '1' : '0';
  return {
    'attrib/block_size': String(blockSize),
    'attrib/is_nonrot': rotational ? '0' : '1',
    'attrib/emulate_tpu': thin,
    'attrib/emulate_tpws': thin,
    ...(optimalTransferLength !== undefined && {
      'attrib/optimal_sectors': String(optimalTransferLength / blockSize),
    }),
    'wwn/vendor_id': identity.vendor,
    'wwn/product_id': identity.product,
    'wwn/revision': identity.revision,
    [SERIAL]: identity.serial,
  };
}

/** Paths below the backstore's directory that say whether it is as wanted. */
export const OBSERVED_OF_KERNEL_DISK: readonly string[] = [
  INFO,
  FILENAME,
  'attrib/block_size',
  'attrib/is_nonrot',
  'attrib/emulate_tpu',
  'attrib/emulate_tpws',
  'attrib/optimal_sectors',
  'wwn/vendor_id',
  'wwn/product_id',
  'wwn/revision',
  SERIAL,
];

export interface KernelDiskView {
  backstore: string;
  desired?: DesiredKernelDisk;
  observed?: ObservedBackstore;
  /** A LUN leads to it, or one may: a session that can’t be read at the moment. */
  linked: boolean;
  /** It may be removed when it isn’t wanted. */
  owned: boolean;
}

export interface KernelDiskDifference {
  steps: Step[];
  /** A LUN may be linked to it. */
  usable: boolean;
  finding?: { reason: 'UnitNotReady' | 'StepPending' | 'NeedsRecreation' | 'Orphan'; message: string };
}

/** Steps that change one disk's backstore, for as long as no LUN leads to it; its size changes at any time. */
export function diffKernelDisk({ backstore, desired, observed, linked, owned }: KernelDiskView): KernelDiskDifference {
  const nothing = { steps: [], usable: false };
  if (observed?.busy === true) {
    const message = `a step on ${backstore} is still at work in the kernel`;
    return { ...nothing, finding: { reason: 'StepPending', message } };
  }
  if (desired === undefined) {
    if (observed === undefined || linked) return nothing;
    if (owned) return { ...nothing, steps: [{ kind: 'removeBackstore', backstore }] };
    const message = `${backstore} is ours by its name, but this node’s journal doesn’t know it`;
    return { ...nothing, finding: { reason: 'Orphan', message } };
  }
  if (!desired.ready) {
    const message = 'what backs it isn’t checked yet';
    // Without a LUN it may be half made, with an identity that is not its own.
    const usable = observed?.enabled === true && linked;
    return { steps: [], usable, finding: { reason: 'UnitNotReady', message } };
  }
  if (observed === undefined) return { ...nothing, steps: createSteps(desired) };
  // It may have got its registrations already, or some of them.
  if (!observed.enabled)
    return { ...nothing, steps: [{ kind: 'removeBackstore', backstore }, ...createSteps(desired)] };
  return diffEnabled(desired, observed.attributes, linked);
}

function createSteps({ backstore, parameters }: DesiredKernelDisk): Step[] {
  const { filename, identity } = parameters;
  return [
    {
      kind: 'createBackstore',
      backstore,
      control: controlOf(parameters),
      attributes: { [FILENAME]: filename },
      serial: identity.serial,
    },
    { kind: 'enableBackstore', backstore, filename },
    { kind: 'setAttributes', backstore, attributes: attributesOf(parameters) },
  ];
}

function diffEnabled(
  { backstore, parameters }: DesiredKernelDisk,
  observed: Readonly<Record<string, string>>,
  linked: boolean,
): KernelDiskDifference {
  const info = observed[INFO] ?? '';
  const found = { filename: observed[FILENAME], mode: MODE[parameters.plugin].exec(info)?.[1] };
  const made = differing(fixed(parameters), found);
  const set = differing(attributesOf(parameters), {
    ...observed,
    [SERIAL]: observed[SERIAL]?.replace(/^T10 VPD Unit Serial Number: ?/, ''),
  });
  if (linked && made.length + set.length > 0) {
    const message = `linked with another configuration: ${[...made, ...set].map(({ text }) => text).join('; ')}`;
    return { steps: [], usable: true, finding: { reason: 'NeedsRecreation', message } };
  }
  if (made.length > 0) return { steps: [{ kind: 'removeBackstore', backstore }], usable: false };
  const steps: Step[] = [];
  if (parameters.plugin === 'fileio' && SIZE.exec(info)?.[1] !== String(parameters.sizeBytes)) {
    steps.push({ kind: 'changeBackstore', backstore, control: { fd_dev_size: String(parameters.sizeBytes) } });
  }
  if (set.length > 0) {
    const attributes = Object.fromEntries(set.map(({ name, wanted }) => [name, wanted]));
    steps.push({ kind: 'setAttributes', backstore, attributes });
  }
  return { steps, usable: set.length === 0 };
}

/** What the kernel lacks differs too: an attribute that it can’t honour must not be passed over. */
function differing(wanted: Record<string, string>, found: Readonly<Record<string, string | undefined>>) {
  return Object.entries(wanted)
    .filter(([name, value]) => found[name] !== value.trim())
    .map(([name, value]) => ({ name, wanted: value, text: `${name} is ${found[name] ?? 'absent'}, wanted ${value}` }));
}
