// The device entries of one node: which devices its LUNs may expose, and which are refused or in conflict there.
import type { NodeDevice, ScstDevice, ScstLun } from '../../crds/types.js';
import { compileDevice, deviceRefusal } from './device.js';
import type { Index } from './object-index.js';
import { finding, scstNameOf, uidOf, type Finding } from './objects.js';
import { exclusiveNode, live } from './placement.js';
import type { PlanOptions } from './plan-node.js';

/** Admits devices for a node, the oldest first, and remembers those that end up used. */
export class DeviceEntries {
  /** uids of the devices that are refused, with or without an entry that they keep. */
  readonly refused: string[] = [];
  private readonly entries = new Map<string, NodeDevice>();
  private readonly usedEntries = new Set<NodeDevice>();

  constructor(
    private readonly index: Index,
    private readonly node: string,
    private readonly options: Pick<PlanOptions, 'setupId' | 'kept'>,
    private readonly findings: Finding[],
  ) {}

  /** Compiles the devices that these LUNs expose, and the retained ones by name. LUNs whose device isn't admitted get a finding, unless it just doesn't exist. */
  admit(luns: readonly ScstLun[], retained: readonly string[]): void {
    const taken = new Map<string, ScstDevice>();
    const problems = new Map<string, string>();
    for (const device of live(this.index.devices, new Set([...luns.map(({ spec }) => spec.device), ...retained]))) {
      const problem = this.admitDevice(device, taken);
      if (problem !== undefined) {
        problems.set(device.metadata.name, problem);
      }
    }
    for (const lun of luns) {
      const problem = problems.get(lun.spec.device);
      if (problem !== undefined) {
        this.findings.push(finding(lun, 'DeviceRefused', `ScstDevice ${lun.spec.device}: ${problem}`, this.node));
      }
    }
  }

  /** The entry of the device that a LUN exposes. */
  of(lun: ScstLun): NodeDevice | undefined {
    return this.entries.get(lun.spec.device);
  }

  /** The entry of the device of that uid that a LUN had before it named another one; nothing where that one goes too. */
  former(uid: string, lun: ScstLun): NodeDevice | undefined {
    const kept = this.options.kept?.devices.get(uid);
    if (kept === undefined || kept.name === lun.spec.device) return undefined;
    const isLive = [...live(this.index.devices, new Set([kept.name]))].some((device) => uidOf(device) === uid);
    return isLive ? (this.entries.get(kept.name) ?? kept) : undefined;
  }

  /** Marks an entry as exposed by a LUN that is on the node. */
  use(entry: NodeDevice): void {
    this.usedEntries.add(entry);
  }

  /** Marks the admitted entries of these devices as used though no LUN may expose them. */
  retain(names: readonly string[]): void {
    for (const name of names) {
      const entry = this.entries.get(name);
      if (entry !== undefined) {
        this.usedEntries.add(entry);
      }
    }
  }

  /** The entries that a LUN exposes, and the retained ones. */
  used(): NodeDevice[] {
    return [...this.usedEntries];
  }

  private admitDevice(device: ScstDevice, taken: Map<string, ScstDevice>): string | undefined {
    const refusal = deviceRefusal(device);
    const kept = refusal === undefined ? undefined : this.options.kept?.devices.get(uidOf(device));
    if (refusal !== undefined) {
      this.refused.push(uidOf(device));
      if (kept === undefined) {
        return refusal.message;
      }
    }
    const holder = device.spec.sharing === 'Exclusive' ? exclusiveNode(this.index, device.metadata.name) : this.node;
    if (holder !== this.node) {
      const message = `sharing is Exclusive, and node ${holder ?? 'none'} has it`;
      this.findings.push(finding(device, 'ExclusivePlacement', message, this.node));
      return message;
    }
    const entry = kept ?? compileDevice(device, this.options.setupId, this.node);
    const conflict = this.conflictOf(device, entry, taken);
    if (conflict !== undefined) {
      this.findings.push(conflict);
      return conflict.message;
    }
    this.entries.set(device.metadata.name, entry);
    return undefined;
  }

  /** Two logical units of a node that answer with one identity would be joined to one disk by multipath. */
  private conflictOf(device: ScstDevice, entry: NodeDevice, taken: Map<string, ScstDevice>): Finding | undefined {
    const { naa, serial, vendor, t10DeviceId, eui64 } = entry.identity;
    const claims = [
      `scstName ${scstNameOf(device)}`,
      `identity.naa ${naa}`,
      `identity.serial ${serial}`,
      `identity.t10DeviceId ${vendor} ${t10DeviceId}`,
      ...(eui64 === undefined ? [] : [`identity.eui64 ${eui64}`]),
    ];
    for (const claim of claims) {
      const holder = taken.get(claim);
      if (holder !== undefined) {
        const message = `${claim} belongs to the older ScstDevice ${holder.metadata.name}`;
        const reason = claim.startsWith('scstName') ? 'NameConflict' : 'IdentityConflict';
        return finding(device, reason, message, this.node);
      }
    }
    for (const claim of claims) {
      taken.set(claim, device);
    }
    return undefined;
  }
}
