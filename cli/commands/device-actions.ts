// Commands that do something with a device of this node while it is used.
import type { UnitAction } from '../../node-agent/protocol/types.js';

export interface DeviceAction {
  readonly name: string;
  readonly action: UnitAction;
  readonly description: string;
  /** What is so then. */
  readonly done: string;
  /** Default: `scst <name> disk1`. */
  readonly example?: string;
}

export const DEVICE_ACTIONS: readonly DeviceAction[] = [
  {
    name: 'eject',
    action: 'eject',
    description: 'takes the medium out of a removable device of this node, unless an initiator prevents it',
    done: 'its medium is out',
  },
  {
    name: 'insert',
    action: 'load',
    description: 'puts the medium back into a device from which it was ejected',
    done: 'its medium is in place',
  },
  {
    name: 'block',
    action: 'block',
    description:
      'makes what was written to a device of this node durable and has its commands wait, for a snapshot of its backing; those that wait longer than --io-timeout of the agent (600 s) fail',
    done: 'its commands wait until scst unblock',
    example: 'scst block disk1 && cp --reflink=always disk1.img snapshot.img && scst unblock disk1',
  },
  {
    name: 'unblock',
    action: 'unblock',
    description: 'lets the commands of a device run that scst block has wait; fails where it was not blocked any more',
    done: 'its commands run',
  },
  {
    name: 'low-space',
    action: 'softThreshold',
    description: 'tells the initiators of a thin device of this node that its space runs low (unit attention 38/07)',
    done: 'its initiators are told that its space runs low',
  },
];
