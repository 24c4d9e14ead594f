// The engine and the agent on a test node, each as a process with its log in the guest.
import { join } from 'node:path';
import { shellQuote, type TestNode } from '../node/index.js';
import { built, ROOT } from './paths.js';

const ENGINE_LOG = '/run/scst-engine.log';
const AGENT_LOG = '/run/scst-agent.log';

/** Starts scst-engine through the launcher. It outlives the command that starts it. */
export async function startEngine(node: TestNode, flags: readonly string[] = []): Promise<void> {
  const command = [
    built('build/native/scst-launch'),
    process.execPath,
    built('dist/node-agent/engine/main.js'),
    ...flags,
  ];
  await startDetached(node, command, ENGINE_LOG);
}

/** Starts scst-node-agent; kubeconfig is a path on the host. */
export async function startAgent(node: TestNode, flags: readonly string[]): Promise<void> {
  await startDetached(node, [join(ROOT, 'bin/scst-node-agent'), ...flags], AGENT_LOG);
}

/** Copies the kubeconfig into the guest and returns the agent's flags for a cluster. */
export async function clusterFlags(node: TestNode, kubeconfig: string, content: string): Promise<string[]> {
  const path = `/root/${kubeconfig.split('/').pop()}`;
  await node.write(path, content);
  return ['--node-name', node.name, '--kubeconfig', path, '--engine', 'external'];
}

/**
 * Sends a signal to every process of that kind there is now, and waits for their end where the signal ends them. One that
 * is gone before it gets it, such as a child of the agent between fork and exec, is none.
 */
export async function signal(node: TestNode, which: 'engine' | 'agent', name: NodeJS.Signals): Promise<void> {
  const reached = await node.sh(`pkill -e -${name.replace(/^SIG/, '')} -f node-agent/${which}/main.j[s]`);
  if (name === 'SIGSTOP' || name === 'SIGCONT') return;
  const pids = [...reached.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => `--pid=${pid}`);
  // By number: the agent may start the next engine at once.
  await node.sh(`tail ${pids.join(' ')} -s 0.05 -f /dev/null`);
}

export function engineLog(node: TestNode): Promise<string> {
  return node.sh(`cat ${ENGINE_LOG}`);
}

export function agentLog(node: TestNode): Promise<string> {
  return node.sh(`cat ${AGENT_LOG}`);
}

/** What is left of ours on the node; empty when all was taken away. */
export async function remains(node: TestNode): Promise<string> {
  const { stdout } = await node.run(
    'find /dev/scst -mindepth 1 2>/dev/null; ls -d /sys/kernel/config/target/core/user_* /sys/kernel/config/target/core/fileio_21332 /sys/kernel/config/target/loopback/naa.* ' +
      '2>/dev/null; lsscsi | grep SCST',
  );
  return stdout;
}

/** It outlives the command that starts it; its output is appended to a file of the guest. */
export async function startDetached(node: TestNode, command: readonly string[], log: string): Promise<void> {
  await node.sh(`setsid ${command.map(shellQuote).join(' ')} >> ${log} 2>&1 < /dev/null &`);
}
