// The example of a target driver in user space: each initiator has a session with its own TransportID, for as long as it is there.
import type { BackgroundCommand } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';
import { Initiator, startTargetDriver } from '../env/stack/target-driver.js';
import { LoneNode } from './support/lone-node.js';
import { disk } from './support/manifests.js';

jest.setTimeout(300_000);
describe('the example of a target driver', () => {
  let node: LoneNode;
  let driver: BackgroundCommand;
  const hosts = async () => Number(await node.sh('ls -d /sys/class/scsi_host/host* 2> /dev/null | wc -l'));

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'uml' }, { 'd.yaml': disk('d', { sessions: [] }) });
    await eventually(() => node.entry('ScstTarget', 'd'));
    driver = await startTargetDriver(node.machine, '--target d');
  });
  afterAll(() => node.stop());
  afterEach(() => node.machine.assertCleanKernel());

  it('gives two initiators a session each, knows them apart, and takes away the one that is gone', async () => {
    expect(await hosts()).toBe(0);
    const [one, two] = [await Initiator.start(node.machine, 'one'), await Initiator.start(node.machine, 'two')];
    expect(await one.say('LOGIN iscsi:iqn.2026-11.dev.scst:one')).toBe('OK 0');
    expect(await two.say('LOGIN fc:21:00:00:24:ff:00:00:02')).toBe('OK 0');
    expect(await hosts()).toBe(2);
    const inquiry = Buffer.from((await one.say('0 36 12 00 00 00 24 00')).replace('GOOD ', ''), 'hex');
    expect(inquiry.subarray(8, 17).toString()).toBe('SCST_FIOd');
    // REGISTER with key 7, through the first; READ FULL STATUS through the second.
    const register = `>${'00'.repeat(8)}${'00'.repeat(7)}07${'00'.repeat(8)}`;
    for (const initiator of [one, two])
      await eventually(async () => expect(await initiator.say('0 0 00 00 00 00 00 00')).toBe('GOOD'));
    expect(await one.say(`0 ${register} 5f 00 00 00 00 00 00 00 18 00`)).toBe('GOOD');
    const status = Buffer.from((await two.say('0 255 5e 03 00 00 00 00 00 00 ff 00')).replace('GOOD ', ''), 'hex');
    expect(status.toString('latin1')).toContain('iqn.2026-11.dev.scst:one');

    await one.vanish();
    await eventually(async () => expect(await hosts()).toBe(1), 60_000);
    expect(await two.say('0 0 00 00 00 00 00 00')).toBe('GOOD');
    expect(await two.say('LOGOUT')).toBe('OK');
    expect(await hosts()).toBe(0);
  });

  it('leaves no session when it ends', async () => {
    const three = await Initiator.start(node.machine, 'three');
    expect(await three.say('LOGIN sas:5000c500a1b2c3d4')).toBe('OK 0');
    driver.kill('SIGTERM');
    await driver.exited;
    expect(await hosts()).toBe(0);
    expect(await node.sh('ls /etc/scst/manifests')).toBe('d.yaml\n');
  });
});
