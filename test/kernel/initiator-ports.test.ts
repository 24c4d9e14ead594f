// Initiator and target ports as the host sees them: TransportIDs in READ FULL STATUS, version descriptors, and their change in use.
import { eventually } from '../env/stack/eventually.js';
import { FioRun } from './support/fio.js';
import { LoneNode } from './support/lone-node.js';
import { disk, diskPath, object } from './support/manifests.js';
import { scsi } from './support/scsi.js';

jest.setTimeout(240_000);
const A = diskPath('d', 'a');
const B = diskPath('d', 'b');
const ISCSI = 'iqn.2026-11.dev.scst:host-b';
const TEST_UNIT_READY = '00 00 00 00 00 00';

function manifest(ofA: string, target = ''): string {
  return disk('d', { sessions: [] })
    .replace('spec: {nodeSelector', `spec: {${target}nodeSelector`)
    .concat(
      '---\n',
      object('ScstSession', 'a', `{target: d, transportId: '${ofA}'}`),
      '---\n',
      object('ScstSession', 'b', `{target: d, transportId: 'iscsi:${ISCSI}'}`),
    );
}

describe('two sessions with TransportIDs of their own', () => {
  let node: LoneNode;
  const told = (command: string, expected: RegExp) =>
    eventually(async () => expect(await node.sh(`${command} ${A}.sg`)).toMatch(expected));
  /** What READ FULL STATUS says, through b. */
  const fullStatus = async () => {
    await drain(B);
    return node.sh(`sg_persist --in --read-full-status ${B}.sg`);
  };
  /** Takes the unit attentions that are pending. */
  const drain = async (path: string) => {
    while ((await scsi(node.machine, path, TEST_UNIT_READY)).sense !== undefined);
  };
  const attention = async () => (await scsi(node.machine, A, TEST_UNIT_READY)).sense;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': manifest('fc:21:00:00:24:ff:00:00:01') });
    await node.ready(A, B);
    for (const path of [A, B])
      await eventually(async () => expect(await scsi(node.machine, path, TEST_UNIT_READY)).toEqual({ status: 'GOOD' }));
  });
  afterAll(() => node.stop());
  afterEach(async () => {
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });

  it('are told apart by them in persistent reservations', async () => {
    await node.sh(
      `sg_persist --out --register --param-sark=0xa ${A}.sg && sg_persist --out --register --param-sark=0xb ${B}.sg`,
    );
    expect(await fullStatus()).toMatch(/Key=0xa[^]*FCP-2 World Wide Name:\s+21 00 00 24 ff 00 00 01/);
    expect(await fullStatus()).toMatch(new RegExp(`Key=0xb[^]*iSCSI name: ${ISCSI}`));
  });

  it('show the transports and the port that their target names, and tell of a change in use', async () => {
    expect(await node.sh(`sg_inq -d ${A}.sg`)).toMatch(/SAS \(no version claimed\)/);
    const fio = await FioRun.start(node.machine, { path: A });
    await node.apply(
      'd.yaml',
      manifest(
        'fc:21:00:00:24:ff:00:00:01',
        'scsiTransportVersion: iSCSI, physTransportVersion: FC-PI-4, relTgtId: 7, ',
      ),
    );
    await told('sg_inq -d', /iSCSI \(no version claimed\)/);
    const descriptors = (await node.sh(`sg_inq --raw --len=96 ${A}.sg | xxd -p -s 58 -l 8`)).trim();
    expect(descriptors).toBe('008b' + '0e80' + '0960' + '0463');
    await told('sg_vpd -p di_port', /Relative target port: 0x7/);
    expect(await fio.end()).toMatchObject({ error: 0, miscompares: 0 });
    await node.ready(A, B);
  });

  it('are another initiator port with another TransportID: the devices stay, and the registration is the former one’s', async () => {
    const before = await node.sh(`readlink ${A} ${B}`);
    await drain(A);
    await node.apply('d.yaml', manifest('sas:5000c500a1b2c3d4'));
    const seen: (string | undefined)[] = [];
    await eventually(async () => {
      seen.push(await attention());
      expect(seen).toContain('06/29/07');
    });
    expect(await node.sh(`readlink ${A} ${B}`)).toBe(before);
    // Who registers with the key of the former port isn't it.
    const refused = await node.machine.run(`sg_persist --out --reserve --param-rk=0xa --prout-type=1 ${A}.sg 2>&1`);
    expect([refused.code, refused.stdout]).toEqual([24, expect.stringMatching(/reservation conflict/i)]);
    await node.sh(`sg_persist --out --register --param-sark=0xc ${A}.sg`);
    expect(await fullStatus()).toMatch(/Key=0xc[^]*SAS address: 0x5000c500a1b2c3d4/i);
    await node.ready(A, B);
  });

  it('say so when a TransportID is none', async () => {
    await node.apply('d.yaml', manifest('03'.padEnd(48, '0')));
    await eventually(async () =>
      expect(JSON.stringify(await node.status())).toMatch(/"InvalidTransportId"[^}]*protocol identifier 3/),
    );
  });
});
