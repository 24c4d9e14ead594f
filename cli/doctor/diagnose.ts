// `scst doctor`: what is wrong with a node or a cluster, and what to do about it. Pure: the facts were gathered before.
import { objectRows } from '../world/rows.js';
import type { World } from '../world/world.js';

/** What was looked up on this machine. */
export interface NodeFacts {
  /** Kernel modules that are loaded, or built in. */
  modules: ReadonlySet<string>;
  configfs: boolean;
  /** Names of the processes that run. */
  processes: ReadonlySet<string>;
  /** Content of /etc/multipath.conf. */
  multipathConfiguration?: string;
  /** rtslib's saved configuration names objects of ours. */
  savedConfigurationHasOurs: boolean;
}

export interface Diagnosis {
  level: 'ok' | 'warning' | 'error';
  text: string;
  /** What to do. */
  advice?: string;
}

const MODULES = ['target_core_mod', 'target_core_user', 'tcm_loop', 'sd_mod', 'sg'] as const;

/** What may be done about a reason that objects and nodes give. */
const ADVICE: Readonly<Record<string, string>> = {
  PathNotAllowed: 'use a file or block device that is allowed, or start agent and engine with --allow-path',
  BackingNotFound: 'make the file or the block device; with a size a file is made',
  BackingInUse: 'give each device a file or block device of its own, which nothing else has',
  NotABlockDevice: 'name the block device, or use vdiskFileio for a file',
  NotARegularFile: 'name a file, or use vdiskBlockio for a block device',
  SizeTooLarge: 'leave size out, or make the block device larger',
  InsufficientSpace: 'free space on the file system of the backing file, or lower --min-free',
  WritesLost: 'check the data, then set active to false and back to true',
  BackingTruncated: 'restore the file, then set active to false and back to true',
  EngineUnavailable: 'look at the engine’s log; the agent starts one unless it runs with --engine external',
  InUse: 'unmount the file system, or end what has the device open',
  NodeUnreachable: 'look at the agent’s pod on that node',
  NoSession: 'make a ScstSession of the target',
  GroupConflict: 'change the patterns so that one group matches',
  NoNodeMatches: 'label a node as the target’s nodeSelector says',
  HandlerNotAvailable: 'use vdiskFileio, vdiskBlockio or vdiskNullio',
};

export function diagnoseNode({
  modules,
  configfs,
  processes,
  multipathConfiguration,
  savedConfigurationHasOurs,
}: NodeFacts): Diagnosis[] {
  const missing = MODULES.filter((name) => !modules.has(name));
  const found: Diagnosis[] = [
    missing.length === 0
      ? { level: 'ok', text: `kernel modules: ${MODULES.join(', ')}` }
      : {
          level: 'error',
          text: `kernel modules that aren't there: ${missing.join(', ')}`,
          advice: `modprobe ${missing.join(' ')}; on Ubuntu they are in linux-modules-extra-$(uname -r)`,
        },
    configfs
      ? { level: 'ok', text: 'configfs is mounted' }
      : { level: 'error', text: 'configfs isn’t mounted', advice: 'mount -t configfs none /sys/kernel/config' },
  ];
  if (modules.has('scst'))
    found.push({
      level: 'warning',
      text: 'SCST’s own kernel module is loaded beside LIO',
      advice: 'export no file through both',
    });
  if (savedConfigurationHasOurs)
    found.push({
      level: 'warning',
      text: 'targetcli has saved our objects into /etc/target/saveconfig.json, and would make them at boot',
      advice: 'remove them there: the agent makes its own',
    });
  if (processes.has('multipathd')) found.push(multipath(multipathConfiguration ?? ''));
  return found;
}

function multipath(configuration: string): Diagnosis {
  const mode = /^\s*find_multipaths\s+"?(\w+)"?/m.exec(configuration)?.[1];
  if (mode === undefined || ['yes', 'on', 'strict', 'smart'].includes(mode))
    return { level: 'ok', text: `multipathd runs with find_multipaths ${mode ?? 'as Debian has it'}` };
  return {
    level: 'warning',
    text: `multipathd runs with find_multipaths ${mode}: it claims disks that have one session only, which then can't be mounted or removed`,
    advice: 'set find_multipaths to yes or strict in /etc/multipath.conf, or blacklist the disks',
  };
}

/** Of the nodes' conditions and the users' objects. */
export function diagnoseWorld(world: World): Diagnosis[] {
  const found: Diagnosis[] = [];
  for (const { name, status } of world.nodes) {
    const conditions = status?.conditions;
    if (conditions === undefined) {
      found.push({
        level: 'error',
        text: `node ${name}: no agent has reported`,
        advice: 'start scst-node-agent on it',
      });
      continue;
    }
    const wrong = conditions.filter((condition) => condition.status !== 'True' && condition.type !== 'Ready');
    for (const { type, reason, message } of wrong)
      found.push(withAdvice('error', `node ${name}: ${type}: ${message}`, reason));
    if (wrong.length === 0) found.push({ level: 'ok', text: `node ${name}: ${status?.lunsReady ?? '0/0'} LUNs ready` });
  }
  for (const { file, line, message } of world.manifests?.problems ?? [])
    found.push({
      level: 'error',
      text: `${file}${line === undefined ? '' : `:${line}`}: ${message}`,
      advice: 'correct the manifest: nothing is removed until then',
    });
  for (const { object, state, reason, message } of objectRows(world)) {
    if (state === 'Ready') continue;
    const level = state === 'Failed' || state === 'NotReady' || state === 'Unknown' ? 'error' : 'warning';
    found.push(
      withAdvice(
        level,
        `${object.kind} ${object.metadata.name}: ${[reason, message].filter(Boolean).join(': ')}`,
        reason,
      ),
    );
  }
  return found;
}

function withAdvice(level: Diagnosis['level'], text: string, reason: string): Diagnosis {
  const advice = ADVICE[reason];
  return { level, text, ...(advice && { advice }) };
}
