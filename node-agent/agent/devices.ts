// The devices' side of a pass: each linked LUN gets its time-out and its links, and is described.
import type { Logger } from 'pino';
import {
  claimUnused,
  findById,
  linkPath,
  linksOf,
  readById,
  setQueueDepth,
  setTimeoutSeconds,
  syncLinks,
  waitForUdev,
  waitForScsiDevice,
  readScsiDevice,
  type LinkPlace,
  type ScsiDevice,
} from '../devices/index.js';
import { HBA, type StepWorkers } from '../lio/index.js';
import { diskOf } from '../../crds/disk.js';
import type { EngineStatus } from '../protocol/types.js';
import { BlockLimitsKeeper } from './block-limits.js';
import type { KernelLun } from './desire.js';
import type { RealisedLun } from './status.js';
import type { Journal } from './wish.js';

/** Root of the paths that users use. */
const LINKS = '/dev/scst';
/** The mid-layer waits this much longer than the ring, so that error handling never starts during an outage. */
const MARGIN_SECONDS = 30;
/** Milliseconds for udev to link a disk below /dev/disk/by-id; afterwards its link leads to another session's. */
const UDEV_MS = 10_000;
/** Milliseconds for udev to look at a batch of disks before the next ones are made. */
const BATCH_MS = 5_000;
/** Milliseconds for sd to probe a device that was just linked; the next pass looks again. */
const PROBE_MS = 3_000;

export interface DevicesOptions {
  ioTimeoutSeconds: number;
  workers: StepWorkers;
  log: Logger;
}

export class Devices {
  private readonly limits: BlockLimitsKeeper;
  /** By H:C:T:L and designator: until when a link by-id that isn't there may still come, by performance.now(). */
  private readonly byIdAwaited = new Map<string, number>();

  constructor(private readonly options: DevicesOptions) {
    this.limits = new BlockLimitsKeeper(options.workers);
  }

  claim(hctl: string): ReturnType<typeof claimUnused> {
    return claimUnused(hctl);
  }

  /**
   * Leaves to udev what is there before more is made. Each new LUN tells all that the session has of itself, by a unit attention
   * (REPORTED LUNS DATA HAS CHANGED) that a disk reports once it is accessed: those that udev is just looking at it would look at
   * again, for each LUN anew.
   */
  settle(): Promise<void> {
    return waitForUdev(BATCH_MS);
  }

  /**
   * What is there of every linked LUN, by backstore; stale links are removed. `patient`: waits for the kernel to probe what was just
   * linked; otherwise the next call finds it.
   */
  async realise(
    journal: Journal,
    linked: readonly KernelLun[],
    engine: EngineStatus | undefined,
    patient: boolean,
  ): Promise<Map<string, RealisedLun>> {
    const served = servedSizes(journal, engine);
    const places = placesOf(journal);
    const found = await Promise.all(
      linked.flatMap(({ backstore, hctl }) => {
        const wanted = { place: places.get(backstore), bytes: served.get(backstore) };
        return hctl === undefined ? [] : [this.bringUp(backstore, hctl, wanted, patient)];
      }),
    );
    // Last: udev has had the time in which the kernel probed.
    const byId = await readById();
    const now = performance.now();
    const wantedLinks = new Map<string, string>();
    const realised = new Map<string, RealisedLun>();
    for (const { backstore, device, place, awaitedSize } of found.filter((each) => each !== undefined)) {
      const { hctl, block, sg, bsg } = device;
      realised.set(backstore, {
        hctl,
        ...(block !== undefined && { block }),
        ...(sg !== undefined && { sg }),
        ...(bsg !== undefined && { bsg }),
        ...(awaitedSize !== undefined && { awaitedSize }),
        ...(place &&
          block !== undefined && { path: linkPath(LINKS, place), ...this.byIdOf(byId, hctl, block, place.naa, now) }),
      });
      if (place === undefined) continue;
      for (const [path, node] of linksOf(LINKS, place, device)) wantedLinks.set(path, node);
    }
    await syncLinks(LINKS, wantedLinks);
    return realised;
  }

  /** Undefined while there is no such device. `bytes`: what it is to answer READ CAPACITY with, where that is known. */
  private async bringUp(
    backstore: string,
    hctl: string,
    { place, bytes }: { place: Place | undefined; bytes: number | undefined },
    patient: boolean,
  ): Promise<{ backstore: string; device: ScsiDevice; place?: Place; awaitedSize?: number } | undefined> {
    const probed = patient && place !== undefined ? await waitForScsiDevice(hctl, PROBE_MS) : undefined;
    const device = probed ?? (await readScsiDevice(hctl));
    if (device === undefined || place === undefined) return device && { backstore, device };
    await setTimeoutSeconds(device, this.options.ioTimeoutSeconds + MARGIN_SECONDS);
    if (place.maxCommands !== undefined) await setQueueDepth(device, place.maxCommands);
    const { block } = device;
    if (block === undefined || bytes === undefined) return { backstore, device, place };
    const { readOnly, naa } = place;
    await this.limits.ensureIdentity(hctl, block, naa);
    const sized = await this.limits.ensure(hctl, block, { bytes, readOnly });
    return { backstore, device, place, ...(!sized && { awaitedSize: bytes }) };
  }

  private byIdOf(
    links: ReadonlyMap<string, string>,
    hctl: string,
    block: string,
    naa: string,
    now: number,
  ): Pick<RealisedLun, 'byId' | 'awaitsById'> {
    const byId = findById(links, block, naa);
    if (byId !== undefined) return { byId };
    return this.mayGetById(`${hctl} ${naa}`, now) ? { awaitsById: true } : {};
  }

  private mayGetById(key: string, now: number): boolean {
    const until = this.byIdAwaited.get(key) ?? now + UDEV_MS;
    this.byIdAwaited.set(key, until);
    return now < until;
  }
}

/** Bytes that READ CAPACITY is answered with, by backstore: of rings that the engine serves, and of what LIO serves. */
function servedSizes({ served }: Journal, engine: EngineStatus | undefined): Map<string, number> {
  const byKernel = new Map(served.map(({ uid, rings }) => [uid, rings.filter(({ hba }) => hba !== HBA)]));
  return new Map(
    (engine?.units ?? []).flatMap(({ uid, size, rings }) => {
      const answering = [...rings.filter(({ state }) => state === 'Attached'), ...(byKernel.get(uid) ?? [])];
      return size === undefined ? [] : answering.map(({ backstore }) => [backstore, size] as const);
    }),
  );
}

/** Where a LUN belongs in the tree of links, and what the kernel has to know of it. */
interface Place extends LinkPlace {
  naa: string;
  readOnly: boolean;
  maxCommands: number | undefined;
}

/** Of each (session, LUN) pair that is served, by backstore. */
function placesOf({ served, spec }: Journal): Map<string, Place> {
  const maxCommands = new Map(spec.devices.map((device) => [device.uid, device.maxCommands]));
  return new Map(
    served.flatMap(({ uid, identity, rings, ...unit }) =>
      rings.map(({ backstore, target, session, lun, readOnly }) => [
        backstore,
        {
          ...{ target, session, lun },
          naa: identity.naa,
          readOnly: readOnly || diskOf(unit).readOnly,
          maxCommands: maxCommands.get(uid),
        },
      ]),
    ),
  );
}
