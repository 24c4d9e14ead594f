// SCST's names of attributes and the objects' fields: one table for both ways (reference of SCST 3.x: scst_vdisk.c, scst_local.c).

/** How a value is written in scst.conf and in an object. */
export type ValueKind = 'text' | 'number' | 'flag' | 'hex' | 'bytes';

export interface AttributeMapping {
  scst: string;
  /** Below spec of the ScstDevice: of the handler's member, of identity, or of spec itself. */
  at: 'handler' | 'identity' | 'device';
  field: string;
  kind: ValueKind;
  /** Of SCST: a value that says what is so anyway. */
  scstDefault?: string;
  /** Handlers that have it; absent: all. */
  handlers?: readonly VirtualHandler[];
}

/** SCST's virtual device handlers by name, and the members of ScstDevice.spec that they are. */
export const VIRTUAL_HANDLERS = {
  vdisk_fileio: 'vdiskFileio',
  vdisk_blockio: 'vdiskBlockio',
  vdisk_nullio: 'vdiskNullio',
  vcdrom: 'vcdrom',
} as const;
export type VirtualHandler = keyof typeof VIRTUAL_HANDLERS;

/** SCST's handlers that pass a SCSI device of the node through. */
export const PASS_THROUGH_HANDLERS: readonly string[] = [
  'dev_disk',
  'dev_disk_perf',
  'dev_cdrom',
  'dev_tape',
  'dev_tape_perf',
  'dev_changer',
  'dev_modisk',
  'dev_modisk_perf',
  'dev_processor',
  'dev_raid',
];

const FILES = ['vdisk_fileio', 'vdisk_blockio'] as const;
const DISKS = ['vdisk_fileio', 'vdisk_blockio', 'vdisk_nullio'] as const;
const FILEIO = ['vdisk_fileio'] as const;
const NULLIO = ['vdisk_nullio'] as const;
/** Whose size SCST doesn't take from what backs them. */
const SIZED = ['vdisk_blockio', 'vdisk_nullio'] as const;

export const DEVICE_ATTRIBUTES: readonly AttributeMapping[] = [
  { scst: 'filename', at: 'handler', field: 'filename', kind: 'text', handlers: [...FILES, 'vcdrom'] },
  { scst: 'size', at: 'handler', field: 'size', kind: 'bytes', handlers: SIZED },
  { scst: 'blocksize', at: 'handler', field: 'blocksize', kind: 'number', scstDefault: '512', handlers: DISKS },
  { scst: 'read_only', at: 'handler', field: 'readOnly', kind: 'flag', scstDefault: '0', handlers: DISKS },
  { scst: 'write_through', at: 'handler', field: 'writeThrough', kind: 'flag', scstDefault: '0', handlers: FILES },
  { scst: 'nv_cache', at: 'handler', field: 'nvCache', kind: 'flag', scstDefault: '0', handlers: FILES },
  { scst: 'o_direct', at: 'handler', field: 'directIO', kind: 'flag', scstDefault: '0', handlers: FILEIO },
  { scst: 'removable', at: 'handler', field: 'removable', kind: 'flag', scstDefault: '0', handlers: DISKS },
  { scst: 'rotational', at: 'handler', field: 'rotational', kind: 'flag', scstDefault: '1', handlers: DISKS },
  { scst: 'thin_provisioned', at: 'handler', field: 'thinProvisioned', kind: 'flag', handlers: FILES },
  { scst: 'tst', at: 'handler', field: 'taskSetPerNexus', kind: 'flag', scstDefault: '1', handlers: DISKS },
  { scst: 'active', at: 'handler', field: 'active', kind: 'flag', scstDefault: '1', handlers: FILES },
  {
    scst: 'opt_trans_len',
    at: 'handler',
    field: 'optimalTransferLength',
    kind: 'number',
    scstDefault: '524288',
    handlers: DISKS,
  },
  { scst: 'dummy', at: 'handler', field: 'dummy', kind: 'flag', scstDefault: '0', handlers: NULLIO },
  { scst: 't10_vend_id', at: 'identity', field: 'vendor', kind: 'text' },
  { scst: 'prod_id', at: 'identity', field: 'product', kind: 'text' },
  { scst: 'prod_rev_lvl', at: 'identity', field: 'revision', kind: 'text' },
  { scst: 'usn', at: 'identity', field: 'serial', kind: 'text' },
  { scst: 't10_dev_id', at: 'identity', field: 't10DeviceId', kind: 'text' },
  { scst: 'vend_specific_id', at: 'identity', field: 'vendorSpecificId', kind: 'text' },
  { scst: 'eui64_id', at: 'identity', field: 'eui64', kind: 'hex' },
  { scst: 'naa_id', at: 'identity', field: 'naa', kind: 'hex' },
  { scst: 'scsi_device_name', at: 'identity', field: 'scsiDeviceName', kind: 'text' },
  { scst: 'inq_vend_specific', at: 'identity', field: 'inquiryVendorSpecific', kind: 'text' },
  { scst: 'max_tgt_dev_commands', at: 'device', field: 'maxCommands', kind: 'number', scstDefault: '64' },
];

/** What scst.conf has no word for; an export writes it as an annotation, and the import understands that. */
export const DEVICE_ANNOTATIONS: readonly AttributeMapping[] = [
  { scst: 'size', at: 'handler', field: 'size', kind: 'bytes', handlers: FILEIO },
  { scst: 'physical_block_size', at: 'handler', field: 'physicalBlockSize', kind: 'number', handlers: FILES },
  { scst: 'engine', at: 'device', field: 'engine', kind: 'text', scstDefault: 'tcmu' },
  { scst: 'sharing', at: 'device', field: 'sharing', kind: 'text', scstDefault: 'PerNode' },
  { scst: 'reclaim_policy', at: 'device', field: 'reclaimPolicy', kind: 'text', scstDefault: 'Retain' },
];

/**
 * What SCST has and this project has no use for: nothing is said of a default (undefined: whatever the value, because it
 * is an action, a view of something else, or says nothing of how the device behaves).
 */
export const IGNORED: Readonly<
  Record<'device' | 'lun' | 'group' | 'target' | 'driver' | 'root', Record<string, string | undefined>>
> = {
  device: {
    active: '1',
    async: '0',
    bind_alua_state: undefined,
    block: undefined,
    cluster_mode: '0',
    dif_mode: '',
    dif_static_app_tag: '0',
    dif_type: '0',
    dummy: '0',
    dump_prs: undefined,
    expl_alua: '0',
    gen_tp_soft_threshold_reached_UA: undefined,
    lb_per_pb_exp: undefined,
    numa_node_id: '-1',
    nv_cache: '0',
    o_direct: '0',
    opt_trans_len: '524288',
    pr_file_name: undefined,
    read_zero: '0',
    resync_size: undefined,
    size: undefined,
    size_mb: undefined,
    sync: undefined,
    thin_provisioned: '0',
    threads_num: undefined,
    threads_pool_type: undefined,
    tst: '1',
    type: undefined,
    write_through: '0',
  },
  lun: {},
  group: { addr_method: 'PERIPHERAL', black_hole: '0', cpu_mask: undefined, io_grouping_type: 'auto' },
  target: {
    addr_method: 'PERIPHERAL',
    aen_disabled: '0',
    black_hole: '0',
    comment: undefined,
    cpu_mask: undefined,
    enabled: '1',
    forward_dst: '0',
    forward_src: '0',
    forwarding: '0',
    io_grouping_type: 'auto',
  },
  driver: { enabled: '1', trace_level: undefined },
  root: {
    force_global_sgv_pool: '0',
    max_tasklet_cmd: '10',
    measure_latency: '0',
    poll_us: '0',
    suspend: '0',
    threads: undefined,
    trace_level: undefined,
  },
};

/** Attributes of a target that its object has. */
export const TARGET_ATTRIBUTES = {
  scsi_transport_version: 'scsiTransportVersion',
  phys_transport_version: 'physTransportVersion',
  rel_tgt_id: 'relTgtId',
} as const;

/** The mapping of an attribute for a handler. */
export function mappingOf(
  handler: VirtualHandler,
  scst: string,
  table: readonly AttributeMapping[] = DEVICE_ATTRIBUTES,
): AttributeMapping | undefined {
  return table.find((each) => each.scst === scst && hasAttribute(handler, each));
}

export function hasAttribute(handler: VirtualHandler, { handlers }: AttributeMapping): boolean {
  return handlers?.includes(handler) ?? true;
}
