// Limits of one ScstNode. etcd takes objects of 1.5 MiB, and status lies beside spec in the same object.

/** (session, LUN) pairs, each with a ring of its own on the node. */
export const MAX_PAIRS = 512;
/** Entries of each list, as in the CRD. */
export const MAX_ENTRIES = 512;
/** Bytes of all entries as JSON: with the tombstones below, spec stays under 900 KiB. */
export const MAX_ENTRY_BYTES = 700 * 1024;
/** Tombstones that may stay unanswered before a node gets nothing new. */
export const MAX_OPEN_TOMBSTONES = 512;
