// The sessions of a target that belong on a node; of two with one name or TransportID the older. Pure.
import type { ScstSession } from '../../crds/types.js';
import { finding, scstNameOf, type Finding } from './objects.js';
import { InvalidTransportId, parseTransportId } from './transport-id.js';

/** Sessions of one target in the order of age; those that have no place get a finding. */
export function placeSessions(sessions: readonly ScstSession[], node: string, findings: Finding[]): ScstSession[] {
  const names = new Map<string, string>();
  const transportIds = new Map<string, string>();
  return sessions.filter((session) => {
    if (session.spec.nodeName !== undefined && session.spec.nodeName !== node) {
      return false;
    }
    const problem = conflictOf(session, node, names, transportIds);
    if (problem !== undefined) {
      findings.push(problem);
      return false;
    }
    const { spec, metadata } = session;
    names.set(scstNameOf(session), metadata.name);
    const transportId = validTransportId(spec.transportId);
    if (transportId !== undefined) {
      transportIds.set(transportId, metadata.name);
    }
    return true;
  });
}

function conflictOf(
  session: ScstSession,
  node: string,
  names: ReadonlyMap<string, string>,
  transportIds: ReadonlyMap<string, string>,
): Finding | undefined {
  const scstName = scstNameOf(session);
  const sameName = names.get(scstName);
  if (sameName !== undefined) {
    return finding(session, 'NameConflict', `scstName ${scstName} belongs to the older ScstSession ${sameName}`, node);
  }
  const sameId = transportIds.get(validTransportId(session.spec.transportId) ?? '');
  return sameId === undefined
    ? undefined
    : finding(session, 'TransportIdConflict', `transportId belongs to the older ScstSession ${sameId}`, node);
}

/** Nothing for one that is none: that is told where the session's entry is made. */
function validTransportId(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : parseTransportId(text);
  } catch (error) {
    if (error instanceof InvalidTransportId) {
      return undefined;
    }
    throw error;
  }
}
