// A device is served by one engine at a time: LUNs wait until nothing of the other engine serves theirs (pure).
import { deviceOfConfig, parseKernelBackstoreName } from '../naming.js';
import type { DesiredLun, ObservedLio } from '../model.js';

/**
 * Whether the kernel still has a backstore of the other engine for the device of a LUN. Two engines on one file would not
 * know of each other's reservations. A ring that is being enabled or removed is led to by no LUN, so it doesn't count.
 */
export function servedByOther({ backstores }: ObservedLio): (lun: DesiredLun) => boolean {
  const rings = new Set(
    backstores.map((each) => (each.busy ? undefined : deviceOfConfig(each.attributes['dev_config']))),
  );
  const disks = new Set(backstores.map(({ name }) => parseKernelBackstoreName(name)));
  return (lun) => {
    const [device, others] =
      lun.engine === 'tcmu'
        ? [deviceOfConfig(lun.parameters.deviceConfig), disks]
        : [parseKernelBackstoreName(lun.backstore), rings];
    return device !== undefined && others.has(device);
  };
}
