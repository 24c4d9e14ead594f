// What the device's owner does with a unit while it is used, in SCST's words: block, gen_tp_soft_threshold_reached_UA and others.
import type { UnitAction } from '../protocol/types.js';
import { ATTENTION, ejectMedium, loadMedium, raiseAttention, removalPreventedBy } from '../scsi/index.js';
import type { ServingUnit } from './serving-unit.js';

/** Throws where it can't be done, and says why. */
export async function act(unit: ServingUnit, name: string, action: UnitAction): Promise<void> {
  switch (action) {
    case 'eject':
    case 'load':
      return await moveMedium(unit, name, action);
    case 'block':
      return await block(unit, name);
    case 'unblock':
      // Whoever relies on having had it blocked, for a snapshot, must hear that it wasn't.
      if (!unit.scsi.blocked) throw new Error(`${name} is not blocked: it never was, or a reboot has ended it`);
      return await unit.unblock();
    case 'softThreshold':
      return await tellSoftThreshold(unit, name);
  }
}

/** As somebody at the drive would: an initiator can prevent it. */
async function moveMedium(unit: ServingUnit, name: string, action: 'eject' | 'load'): Promise<void> {
  if (!unit.scsi.settings.removable) throw new Error(`the medium of ${name} is not removable (removable: true)`);
  await unit.exclusively(async () => {
    if (removalPreventedBy(unit.scsi) !== undefined)
      throw new Error(`an initiator that uses ${name} prevents it (PREVENT ALLOW MEDIUM REMOVAL)`);
    await unit.flush();
    if (action === 'eject') ejectMedium(unit.scsi);
    else loadMedium(unit.scsi);
  });
}

async function block(unit: ServingUnit, name: string): Promise<void> {
  const { operation } = unit.scsi;
  if (operation !== undefined && !operation.failed)
    throw new Error(`${operation.plan.kind} is writing over the whole medium of ${name}: block it when that has ended`);
  await unit.block();
}

async function tellSoftThreshold(unit: ServingUnit, name: string): Promise<void> {
  if (!unit.scsi.settings.thinProvisioned) throw new Error(`${name} is not thin (thinProvisioned: true)`);
  await unit.exclusively(() => raiseAttention(unit.scsi, ATTENTION.softThresholdReached));
}
