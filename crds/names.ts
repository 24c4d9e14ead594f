// Group, version, kinds and files of the objects, and the finalizer that the controller holds on them.

/** API group of all kinds. */
export const GROUP = 'scst.dev';
/** The served version. */
export const VERSION = 'v1alpha1';
/** What stands in every manifest. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** On an object while any node may hold something of it. */
export const FINALIZER = 'scst.dev/release';

/** The plural of each kind: resource name in URLs, and the name of its CRD file. */
export const PLURALS = {
  ScstDevice: 'scstdevices',
  ScstTarget: 'scsttargets',
  ScstSession: 'scstsessions',
  ScstLun: 'scstluns',
  ScstNode: 'scstnodes',
} as const;

/** Every kind of the group. */
export type Kind = keyof typeof PLURALS;

/** The kinds that users write, in the order in which findings and keys are listed. */
export const USER_KINDS = ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun'] as const;
