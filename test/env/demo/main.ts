// The demos of the README: `node dist/test/env/demo/main.js cluster|node`, with KEEP=1 to leave it running.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterDemo } from './cluster-demo.js';
import { Narrator } from './narrator.js';
import { nodeDemo } from './node-demo.js';

export interface DemoContext {
  narrator: Narrator;
  /** Removed at the end. */
  directory: string;
  keep: boolean;
  /** What was started is stopped in the opposite order, however the demo ends. */
  onStop: (stop: () => Promise<void>) => void;
  /** Resolves with Ctrl-C. */
  untilStopped: Promise<void>;
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
  const directory = mkdtempSync(join(tmpdir(), 'scst-demo-'));
  const stops: (() => Promise<void>)[] = [];
  const keep = (process.env['KEEP'] ?? '') !== '';
  let stopDemo: () => void = () => undefined;
  const untilStopped = new Promise<void>((resolve) => (stopDemo = resolve));
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        narrator.say('\nStopping what was started …');
        stopDemo();
        if (!keep) resolve(INTERRUPTED);
      });
    }
  });
  const context: DemoContext = { narrator, directory, keep, onStop: (stop) => void stops.unshift(stop), untilStopped };
  const played = demo(context).then(
    () => 0,
    (error: unknown) => {
      narrator.say(`\n✘ ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    },
  );
  const code = await Promise.race([played, interrupted]);
  for (const stop of stops) await stop();
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
