// Which sessions see which LUNs: those of one target and one of its groups, or of none.

/** A session or a LUN: its target, by name or uid on both sides, and the group of it that it belongs to. */
export interface LunSetMember {
  target: string;
  group?: string | undefined;
}

/** Whether the session has the LUN. */
export function sees(session: LunSetMember, lun: LunSetMember): boolean {
  return session.target === lun.target && session.group === lun.group;
}
