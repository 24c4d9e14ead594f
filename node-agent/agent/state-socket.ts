// <run-dir>/agent.sock: answers what the `scst` command asks about this node.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { findHolders } from '../block/holders.js';
import { writeAtomically } from '../files/atomic-file.js';
import { backstoreName, HBA } from '../lio/naming.js';
import { serveJsonRpc, type JsonRpcServer } from '../protocol/json-rpc-server.js';
import { AGENT_SOCKET, type AgentRequests, type NodeState } from '../protocol/node.js';
import type { EngineAccess } from './engine-access.js';
import { deviceHba } from './engine-configuration.js';
import type { DesiredStateSource } from './sources/source.js';
import type { Journal } from './wish.js';

export interface StateSocketOptions {
  runDir: string;
  node: string;
  version: string;
  source: DesiredStateSource;
  engine: Pick<EngineAccess, 'status' | 'act'>;
  journal: () => Journal | undefined;
  log: Logger;
}

/** Counters at the last reset, for as long as the node is up: the counters themselves don't outlive that either. */
const BASELINES = 'statistics.json';

/** For the holder of the agent's lock. */
export async function serveNodeState(options: StateSocketOptions): Promise<JsonRpcServer> {
  const { runDir, node, version, source, engine, journal, log } = options;
  const path = join(runDir, BASELINES);
  let baselines = await readBaselines(path, log);

  const state = async (): Promise<NodeState> => {
    const current = journal();
    const units = (await engine.status())?.units;
    return {
      node,
      agentVersion: version,
      ...(current && { spec: current.spec }),
      ...(source.reported && { status: source.reported }),
      ...(units && { units }),
      baselines,
      ...(source.manifests && { manifests: source.manifests }),
    };
  };
  const resetStatistics = async (): Promise<AgentRequests['resetStatistics']['result']> => {
    const status = await engine.status();
    if (status === undefined) throw new Error('scst-engine is not connected: there is nothing to reset');
    const rings = status.units.flatMap((unit) => unit.rings).filter(({ counters }) => counters !== undefined);
    baselines = Object.fromEntries(
      rings.flatMap(({ backstore, counters }) => (counters ? [[backstore, counters]] : [])),
    );
    await writeAtomically(path, JSON.stringify(baselines), false);
    return { rings: rings.length };
  };
  const holders = async (): Promise<AgentRequests['holders']['result']> => {
    const luns = (source.reported?.luns ?? []).filter(({ block }) => block !== undefined);
    const found = await Promise.all(
      luns.map(
        async ({ session, uid, block = '' }) => [backstoreName(session, uid), await findHolders(block)] as const,
      ),
    );
    return Object.fromEntries(found.filter(([, users]) => users.length > 0));
  };
  const act = async ({ device, action }: AgentRequests['act']['params']) => {
    const found = journal()?.spec.devices.find(({ name, scstName }) => name === device || scstName === device);
    if (found === undefined) throw new Error(`there is no device ${device} on this node`);
    // The engine has its file open as well, and would say that it's done. It may have been blocked when it was the engine's.
    if (action !== 'unblock' && deviceHba(found) !== HBA)
      throw new Error(`LIO answers the commands of ${device}: with engine: kernel this can't be done`);
    const result = await engine.act({ uid: found.uid, action });
    if (result === undefined) throw new Error('scst-engine is not connected');
    return result;
  };
  return serveJsonRpc({
    socketPath: join(runDir, AGENT_SOCKET),
    methods: {
      state,
      holders,
      resetStatistics,
      act: (params) => act(params as Parameters<typeof act>[0]),
    },
    onError: (error) => log.warn({ error: error.message }, 'a client of the agent’s socket was lost'),
  });
}

async function readBaselines(path: string, log: Logger): Promise<NodeState['baselines']> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as NodeState['baselines'];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ error: (error as Error).message }, `${path} can't be read: the statistics count from the start`);
    return {};
  }
}
