// Metrics of LUNs and devices: what the engine says at that moment, under the names that users know, and nothing while it is away.
import { Registry } from 'prom-client';
import type { EngineStatus } from '../protocol/types.js';
import { device, session, target } from './fixtures.js';
import { ServedMetrics, type ServedNow } from './served-metrics.js';

const ring = {
  hba: 'user_21332',
  backstore: 'scst-a',
  sessionUid: session().uid,
  lunUid: 'l',
  lun: 3,
  readOnly: false,
  transportId: '06',
  scsiTransportVersion: 0,
  physTransportVersion: 0,
  relTgtId: 1,
};
const { vdiskFileio, identity, uid, generation } = device();
const units = [
  {
    ...{ uid, generation, identity, name: 'disk', handler: 'vdiskFileio' as const },
    vdiskFileio: { thinProvisioned: false, active: true, ...vdiskFileio },
    rings: [{ ...ring, target: target().scstName, session: 'host' }],
  },
];
const counters = {
  reads: 3,
  writes: 2,
  readBytes: 4096,
  writeBytes: 1024,
  handedOver: 9,
  inFlight: 0,
  foundAtAttach: 0,
  aborts: 1,
  resets: 4,
};
const status = (reads: number): EngineStatus => ({
  ...{ protocolVersion: 1, pid: 1, version: '0' },
  units: [
    {
      ...{ uid, generation, state: 'Ready', failures: { read: 5, write: 0, noSpace: 0, flush: 0 } },
      rings: [{ hba: ring.hba, backstore: ring.backstore, state: 'Attached', counters: { ...counters, reads } }],
    },
  ],
});

it('are those of the moment, and gone with the engine', async () => {
  const registry = new Registry();
  let now: Awaited<ReturnType<ServedNow>> = { units, status: status(3) };
  let asked = 0;
  new ServedMetrics(registry, () => {
    asked += 1;
    return Promise.resolve(now);
  });
  const labels = `device="disk",target="${target().scstName}",session="host",lun="3"`;
  const text = await registry.metrics();
  expect(asked).toBe(1);
  expect(text).toContain(`scst_lun_commands_total{${labels},direction="read"} 3\n`);
  expect(text).toContain(`scst_lun_bytes_total{${labels},direction="write"} 1024\n`);
  expect(text).toContain(`scst_lun_aborts_total{${labels}} 1\n`);
  expect(text).toContain(`scst_lun_resets_total{${labels}} 4\n`);
  expect(text).toContain('scst_device_backing_failures{device="disk",access="read"} 5\n');
  expect(text).toContain('scst_device_internal_failures{device="disk"} 0\n');
  now = { units, status: status(7) };
  expect(await registry.metrics()).toContain(`scst_lun_commands_total{${labels},direction="read"} 7\n`);
  now = undefined;
  expect(await registry.metrics()).not.toContain('device="disk"');
});
