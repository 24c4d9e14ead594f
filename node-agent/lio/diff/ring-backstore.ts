// What the backstore of a ring is made of, and how one that exists differs from it (pure).
import type { BackstoreParameters, DesiredRing, ObservedBackstore } from '../model.js';
import type { Step } from './steps.js';

/** 1 MiB per command: as much as tcm_loop ever sends (sg_tablesize 256 pages). */
const MAX_SECTORS = '2048';

/** What is written to `control`; without nl_reply_supported=-1 `enable` may wait for another program's netlink reply. */
function controlOf(parameters: BackstoreParameters): Record<string, string> {
  return {
    dev_config: parameters.deviceConfig,
    dev_size: String(parameters.sizeBytes),
    hw_block_size: String(parameters.blockSize),
    hw_max_sectors: MAX_SECTORS,
    nl_reply_supported: '-1',
    max_data_area_mb: String(parameters.dataAreaMiB),
    // In contiguous pieces of 128 KiB, which are copied at once; pages are allocated as far as a command needs them. Linux
    // before 5.13 doesn't know it, and ignores it.
    data_pages_per_blk: '32',
    // The default ring takes 8 MiB of kernel memory for every LUN in every session.
    cmd_ring_size_mb: '1',
  };
}

/**
 * What is written to attrib/. pgr_support=0 passes PERSISTENT RESERVE and RESERVE to the engine; emulate_pr stays 1,
 * because with 0 the kernel refuses these commands itself, passed through or not.
 */
function attributesOf(parameters: BackstoreParameters): Record<(typeof COMPARED_ATTRIBUTES)[number], string> {
  return {
    cmd_time_out: String(parameters.ioTimeoutSeconds),
    tmr_notification: '1',
    pgr_support: '0',
    alua_support: '0',
  };
}

/** Sizes of ring and data area are absent: the kernel caps them, and they change nothing that a user sees. */
const COMPARED_CONTROL = ['nl_reply_supported'];
const CHANGEABLE_CONTROL = ['dev_config', 'hw_block_size', 'dev_size'];
const COMPARED_ATTRIBUTES = ['cmd_time_out', 'tmr_notification', 'pgr_support', 'alua_support'] as const;

/** Files of attrib/ that say whether a backstore is as wanted. */
export const OBSERVED_ATTRIBUTES: readonly string[] = [
  ...COMPARED_CONTROL,
  ...CHANGEABLE_CONTROL,
  ...COMPARED_ATTRIBUTES,
];

type EnabledRing = Extract<ObservedBackstore, { busy: false }>;

export function createRingSteps({ name: backstore, parameters }: DesiredRing): Step[] {
  return [
    {
      kind: 'createBackstore',
      backstore,
      control: controlOf(parameters),
      attributes: Object.fromEntries(
        Object.entries(attributesOf(parameters)).map(([name, value]) => [`attrib/${name}`, value]),
      ),
    },
    { kind: 'enableBackstore', backstore },
  ];
}

/** Such as "cmd_time_out is 30, wanted 600"; an attribute that this kernel lacks isn't compared. */
export function differences(observed: EnabledRing, parameters: BackstoreParameters): string[] {
  const control = Object.entries(controlOf(parameters)).filter(([name]) => COMPARED_CONTROL.includes(name));
  return [...control, ...Object.entries(attributesOf(parameters))].flatMap(([name, wanted]) => {
    const value = observed.attributes[name];
    return value === undefined || value === wanted ? [] : [`${name} is ${value}, wanted ${wanted}`];
  });
}

/**
 * What may change at any time, through `control` (attrib/ would need a netlink listener): the size, and with another device
 * behind the LUN whose it is and its block size, both only for people, because the engine answers for the disk.
 */
export function changeSteps({ name, attributes }: EnabledRing, parameters: BackstoreParameters): Step[] {
  const control = Object.entries(controlOf(parameters)).filter(([key, value]) => {
    return CHANGEABLE_CONTROL.includes(key) && attributes[key] !== undefined && attributes[key] !== value;
  });
  return control.length === 0
    ? []
    : [{ kind: 'changeBackstore', backstore: name, control: Object.fromEntries(control) }];
}
