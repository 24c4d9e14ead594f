// Runs on the node: takes over every ring with the engine's own parts and nothing behind them, the least that an engine on Node does; prints milliseconds.
import { attachRing } from '../../../node-agent/engine/ring-attachment.js';
import { SysfsRingKernel } from '../../../node-agent/engine/ring-kernel.js';
import { loadNative } from '../../../node-agent/native/index.js';

/** Nothing can be read or written: there are no commands. */
const NOTHING = {
  fd: -1,
  blockSize: 512,
  blocks: 0n,
  writeCache: true,
  nvCache: false,
  dataOutOpcodes: new Uint8Array(256),
};

async function main(): Promise<void> {
  const binding = loadNative();
  const kernel = new SysfsRingKernel();
  const start = performance.now();
  const devices = await kernel.findDevices();
  const attached = [...devices].map(([key, device]) => {
    const [hba = '', backstore = ''] = key.split('/');
    const unit = binding.createUnit(NOTHING);
    return attachRing(kernel, binding, { hba, backstore }, device, (uioFd) => {
      unit.attachRing({ uioFd, mapSize: device.mapSize, flags: 0 }, () => undefined);
    });
  });
  await Promise.all(attached);
  console.log((performance.now() - start).toFixed(1));
  // As the C program ends: the rings are left as they are.
  process.kill(process.pid, 'SIGKILL');
}

void main();
