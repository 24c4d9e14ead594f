// How a step can fail, with the path and what helps.
import type { Step } from '../diff/steps.js';

/** The kernel refused an operation of a step; nothing else of it was done. */
export class StepFailed extends Error {
  readonly code = 'StepFailed';

  constructor(
    readonly step: Step,
    readonly path: string,
    /** Such as EBUSY; UNKNOWN where the program that carries steps out couldn't say. */
    readonly errno: string,
    text: string,
  ) {
    const hint = hintFor(step, errno);
    super(`${step.kind} ${path}: ${errno} (${text})${hint === undefined ? '' : `; ${hint}`}`);
  }
}

/** The step is still at work in the kernel past its deadline; it is left running and keeps its object busy. */
export class StepPending extends Error {
  readonly code = 'StepPending';

  constructor(
    readonly step: Step,
    readonly path: string,
    readonly deadlineMs: number,
  ) {
    const waits = step.kind === 'link' || step.kind === 'unlink' ? ': the engine doesn’t answer its SCSI commands' : '';
    super(`${step.kind} ${path} has been at work in the kernel for more than ${deadlineMs / 1000} seconds${waits}`);
  }
}

const HINTS: { errno: string; kinds?: Step['kind'][]; hint: string }[] = [
  { errno: 'EACCES', hint: 'the agent needs to be root, with /sys writable (in a container: privileged)' },
  { errno: 'EPERM', kinds: ['dropNexus'], hint: 'a LUN is still linked' },
  { errno: 'EPERM', hint: 'the agent needs CAP_SYS_ADMIN on the node (in a container: privileged)' },
  { errno: 'EROFS', hint: '/sys has to be mounted writable (in a container: privileged)' },
  { errno: 'ENOENT', kinds: ['createBackstore', 'createSession'], hint: 'is the module target_core_mod loaded?' },
  {
    errno: 'ENOSYS',
    kinds: ['createBackstore'],
    hint: 'is the module target_core_user (for engine: kernel target_core_file or target_core_iblock) loaded?',
  },
  { errno: 'EINVAL', kinds: ['createSession'], hint: 'is the module tcm_loop loaded?' },
  { errno: 'EBUSY', kinds: ['removeBackstore'], hint: 'it is still linked, perhaps into a target of another program' },
  { errno: 'ENOTEMPTY', hint: 'another program made something in it' },
  { errno: 'EEXIST', kinds: ['setNexus'], hint: 'another program set a nexus meanwhile' },
];

function hintFor({ kind }: Step, errno: string): string | undefined {
  return HINTS.find((each) => each.errno === errno && each.kinds?.includes(kind) !== false)?.hint;
}
