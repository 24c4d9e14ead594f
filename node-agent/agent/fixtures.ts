// Objects for the agent's unit tests.
import type {
  CompiledVdiskFileio,
  NodeDevice,
  NodeLun,
  NodeSession,
  NodeTarget,
  ScstNodeSpec,
} from '../../crds/types.js';
import type { EngineStatus, RingStatus, UnitStatus } from '../protocol/types.js';
import { backstoreName, HBA } from '../lio/index.js';
import type { Journal } from './wish.js';

/** A uid made of one hexadecimal digit. */
export const uid = (digit: string): string => [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');

type FileDevice = NodeDevice & { vdiskFileio: CompiledVdiskFileio };

export const device = (over: Partial<FileDevice> = {}): FileDevice => ({
  name: 'disk',
  uid: uid('d'),
  generation: 1,
  scstName: 'disk',
  handler: 'vdiskFileio',
  engine: 'tcmu',
  sharing: 'PerNode',
  reclaimPolicy: 'Retain',
  identity: {
    vendor: 'SCST_FIO',
    product: 'disk',
    revision: '3110',
    serial: '0123456789abcdef',
    t10DeviceId: '01234567-disk',
    vendorSpecificId: '01234567-disk',
    naa: '35c5700000000001',
  },
  vdiskFileio: {
    filename: '/var/lib/scst/disk.img',
    size: 1024 ** 2,
    blocksize: 512,
    readOnly: false,
    writeThrough: false,
    nvCache: false,
    removable: false,
    rotational: true,
    thinProvisioned: false,
    active: true,
  },
  ...over,
});

export const target = (over: Partial<NodeTarget> = {}): NodeTarget => ({
  name: 'tgt',
  uid: uid('a'),
  generation: 1,
  scstName: 'tgt',
  scsiTransportVersion: 0x0be0,
  physTransportVersion: 0,
  relTgtId: 1,
  ...over,
});

export const session = (over: Partial<NodeSession> = {}): NodeSession => ({
  name: 'host',
  uid: uid('b'),
  generation: 1,
  scstName: 'host',
  target: uid('a'),
  transportId: `06000000${'35c5800000000001'}${'00'.repeat(12)}`,
  force: false,
  ...over,
});

export const lun = (over: Partial<NodeLun> = {}): NodeLun => ({
  name: 'lun',
  uid: uid('c'),
  generation: 1,
  target: uid('a'),
  lun: 0,
  device: uid('d'),
  readOnly: false,
  force: false,
  ...over,
});

export const spec = (over: Partial<ScstNodeSpec> = {}): ScstNodeSpec => ({
  nodeUID: 'node-a',
  epoch: 3,
  setupId: 'setup',
  devices: [device()],
  targets: [target()],
  sessions: [session()],
  luns: [lun()],
  tombstones: [],
  ...over,
});

/** A spec without any entry. */
export const emptySpec = (over: Partial<ScstNodeSpec> = {}): ScstNodeSpec =>
  spec({ devices: [], targets: [], sessions: [], luns: [], ...over });

export const journal = (over: Partial<Journal> = {}): Journal => ({
  spec: spec(),
  objectUID: 'scstnode',
  generation: 7,
  departed: { devices: [], sessions: [], luns: [] },
  served: [],
  ...over,
});

/** The backstore of session() and lun(). */
export const BACKSTORE = backstoreName(uid('b'), uid('c'));

export const ring = (over: Partial<RingStatus> = {}): RingStatus => ({
  hba: HBA,
  backstore: BACKSTORE,
  state: 'Attached',
  ...over,
});

export const unit = (over: Partial<UnitStatus> = {}): UnitStatus => ({
  uid: uid('d'),
  generation: 1,
  state: 'Ready',
  size: 1024 ** 2,
  rings: [ring()],
  failures: { read: 0, write: 0, noSpace: 0, flush: 0 },
  ...over,
});

export const engine = (...units: UnitStatus[]): EngineStatus => ({ protocolVersion: 1, pid: 1, version: '0', units });
