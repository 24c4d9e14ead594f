// The demos of the README: `node dist/test/env/demo/main.js cluster|node`, with KEEP=1 to leave it running.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterDemo } from './cluster-demo.js';
import { Interruption } from './interruption.js';
import { Narrator } from './narrator.js';
import { nodeDemo } from './node-demo.js';
import { Stops } from './stops.js';

export interface DemoContext {
  narrator: Narrator;
  /** Removed at the end. */
  directory: string;
  keep: boolean;
  /** What was started is stopped in the opposite order, however the demo ends. */
  onStop: (stop: () => Promise<void>) => Promise<void>;
  /** Everything held, and is left running: resolves with Ctrl-C. */
  untilStopped: () => Promise<void>;
}

/** Resolves only if every step held. */
export type Demo = (context: DemoContext) => Promise<void>;

const DEMOS: Readonly<Record<string, Demo>> = { cluster: clusterDemo, node: nodeDemo };
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const demo = DEMOS[process.argv[2] ?? ''];
  if (demo === undefined) {
    process.stderr.write('usage: [KEEP=1] node dist/test/env/demo/main.js cluster|node\n');
    return 2;
  }
  const narrator = new Narrator();
  const interruption = new Interruption(() => narrator.say('\nStopping what was started (Ctrl-C again: at once) …'));
  const stops = new Stops();
  const directory = mkdtempSync(join(tmpdir(), 'scst-demo-'));
  let leftRunning = false;
  const played = demo({
    narrator,
    directory,
    keep: (process.env['KEEP'] ?? '') !== '',
    onStop: (stop) => stops.add(stop),
    untilStopped: () => {
      leftRunning = true;
      return interruption.came;
    },
  }).then(
    () => 0,
    (error: unknown) => {
      if (!interruption.happened) narrator.say(`\n✘ ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    },
  );
  let code = await Promise.race([played, interruption.came.then(() => (leftRunning ? played : INTERRUPTED))]);
  await stops.run();
  // A step that was at work ends too, because it lacks what was stopped; what it started meanwhile is stopped by `stops`.
  await played;
  if (interruption.happened && !leftRunning) code = INTERRUPTED;
  rmSync(directory, { recursive: true, force: true });
  if (code === 0) narrator.say('\n✔ Every step held. Everything that was started is stopped.');
  return code;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`demo: ${String(error)}\n`);
    process.exit(1);
  },
);
