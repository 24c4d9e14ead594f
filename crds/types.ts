// Types of the objects, all of them. Generated from crds/*.yaml by crds/generate.ts: change the YAML, then run
// `node dist/crds/generate.js`.
import type { ScstDevice } from './types/scstdevices.js';
import type { ScstLun } from './types/scstluns.js';
import type { NodeTarget } from './types/scstnodes.js';
import type { ScstSession } from './types/scstsessions.js';
import type { ScstTarget } from './types/scsttargets.js';

export type * from './types/common.js';
export type * from './types/scstdevices.js';
export type * from './types/scstluns.js';
export type * from './types/scstnodes.js';
export type * from './types/scstsessions.js';
export type * from './types/scsttargets.js';

/** What of an object an entry of a ScstNode came from. */
export type EntrySource = Pick<NodeTarget, 'name' | 'uid' | 'generation'>;
/** An object that users write. */
export type UserObject = ScstDevice | ScstTarget | ScstSession | ScstLun;
