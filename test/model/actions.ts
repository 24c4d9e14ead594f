// The steps that users, nodes and controllers take in a history.
import type { UserObject } from '../../crds/types.js';
import type { ClusterNode } from '../../operator/plan/objects.js';

/** Numbers choose among what is possible at that moment. */
export type UserAction =
  | { by: 'user'; type: 'create' | 'edit'; object: UserObject }
  | { by: 'user'; type: 'delete' | 'forceDeletion' | 'stripFinalizer'; choice: number }
  | { by: 'user'; type: 'putNode'; node: ClusterNode };

/** Of the machine with that number, or done to it. */
export type MachineAction = { by: 'machine'; machine: number } & (
  | { type: 'start' | 'crash' | 'powerOff' | 'cut' | 'join' | 'deleteNode' | 'deleteScstNode' | 'report' }
  /** An agent that gets to read, do all it can and report. */
  | { type: 'round' }
  | { type: 'read'; back: number }
  | { type: 'realise'; choices: number[] }
  | { type: 'open' | 'close'; choice: number }
);

export type ControllerAction = { by: 'controller' } & (
  | { type: 'crash' | 'land' }
  /** A controller that sees everything and runs so many keys. */
  | { type: 'round'; turns: number }
  | { type: 'deliver'; kind: number; count: number }
  | { type: 'reconcile'; choices: number[]; slow: boolean }
  | { type: 'landOrphan'; choice: number }
  | { type: 'wait'; seconds: number }
);

/** One step of anybody. */
export type Action = UserAction | MachineAction | ControllerAction;
