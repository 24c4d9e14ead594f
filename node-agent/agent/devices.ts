// The devices' side of a pass: each linked LUN gets its time-out and its links, and is described.
import type { Logger } from 'pino';
import {
  findById,
  linkPath,
  linksOf,
  setQueueDepth,
  setTimeoutSeconds,
  syncLinks,
  waitForScsiDevice,
  readScsiDevice,
  type LinkPlace,
} from '../devices/index.js';
import { FILE_HBA } from '../lio/index.js';
import type { EngineStatus } from '../protocol/types.js';
import { BlockLimitsKeeper } from './block-limits.js';
import type { KernelLun } from './desire.js';
import type { RealisedLun } from './status.js';
import type { Journal } from './wish.js';

/** Root of the paths that users use. */
const LINKS = '/dev/scst';
/** The mid-layer waits this much longer than the ring, so that error handling never starts during an outage. */
const MARGIN_SECONDS = 30;
/** Milliseconds for sd to probe a device that was just linked; the next pass looks again. */
const PROBE_MS = 3_000;

export interface DevicesOptions {
  ioTimeoutSeconds: number;
  log: Logger;
}

export class Devices {
  private readonly limits = new BlockLimitsKeeper();

  constructor(private readonly options: DevicesOptions) {}

  /** What is there of every linked LUN, by backstore; stale links are removed. */
  async realise(
    journal: Journal,
    linked: readonly KernelLun[],
    engine: EngineStatus | undefined,
  ): Promise<Map<string, RealisedLun>> {
    const served = servedSizes(journal, engine);
    const places = placesOf(journal);
    const wantedLinks = new Map<string, string>();
    const realised = new Map<string, RealisedLun>();
    await Promise.all(
      linked.map(async ({ backstore, hctl }) => {
        if (hctl === undefined) return;
        const place = places.get(backstore);
        const found = await this.realiseOne(hctl, place, served.get(backstore), wantedLinks);
        if (found !== undefined) realised.set(backstore, found);
      }),
    );
    await syncLinks(LINKS, wantedLinks);
    return realised;
  }

  private async realiseOne(
    hctl: string,
    place: Place | undefined,
    bytes: number | undefined,
    wantedLinks: Map<string, string>,
  ): Promise<RealisedLun | undefined> {
    const device = (await waitForScsiDevice(hctl, place === undefined ? 0 : PROBE_MS)) ?? (await readScsiDevice(hctl));
    if (device === undefined) return undefined;
    const { block, sg, bsg } = device;
    const described: RealisedLun = {
      hctl,
      ...(block !== undefined && { block }),
      ...(sg !== undefined && { sg }),
      ...(bsg !== undefined && { bsg }),
    };
    if (place === undefined) return described;
    await setTimeoutSeconds(device, this.options.ioTimeoutSeconds + MARGIN_SECONDS);
    if (place.maxCommands !== undefined) await setQueueDepth(device, place.maxCommands);
    for (const [path, node] of linksOf(LINKS, place, device)) wantedLinks.set(path, node);
    const { readOnly } = place;
    const sized =
      block === undefined || bytes === undefined || (await this.limits.ensure(hctl, block, { bytes, readOnly }));
    const byId = block === undefined ? undefined : await findById(block, place.naa);
    return {
      ...described,
      ...(block !== undefined && { path: linkPath(LINKS, place) }),
      ...(!sized && { awaitedSize: bytes }),
      ...(byId !== undefined && { byId }),
    };
  }
}

/** Bytes that READ CAPACITY is answered with, by backstore: of rings that the engine serves, and of files that LIO serves. */
function servedSizes({ served }: Journal, engine: EngineStatus | undefined): Map<string, number> {
  const files = new Map(served.map(({ uid, rings }) => [uid, rings.filter(({ hba }) => hba === FILE_HBA)]));
  return new Map(
    (engine?.units ?? []).flatMap(({ uid, size, rings }) => {
      const answering = [...rings.filter(({ state }) => state === 'Attached'), ...(files.get(uid) ?? [])];
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
    served.flatMap(({ uid, identity, vdiskFileio, rings }) =>
      rings.map(({ backstore, target, session, lun, readOnly }) => [
        backstore,
        {
          ...{ target, session, lun },
          naa: identity.naa,
          readOnly: readOnly || vdiskFileio.readOnly,
          maxCommands: maxCommands.get(uid),
        },
      ]),
    ),
  );
}
