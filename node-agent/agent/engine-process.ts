// Starts scst-engine on a lone node when none runs; the engine is a session of its own and outlives the agent.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { AgentOptions } from './options.js';

/** Minimum milliseconds between two starts: an engine that dies at once isn't started in a busy loop. */
const RESTART_MS = 2_000;

export class EngineProcess {
  private running = false;
  private lastStart = 0;

  constructor(
    private readonly options: Pick<AgentOptions, 'runDir' | 'stateDir' | 'allowPath' | 'minFree' | 'logLevel'>,
    private readonly packageRoot: string,
    private readonly log: Logger,
    private readonly onExit: () => void,
  ) {}

  /** Starts one unless one that we started is alive. An engine of somebody else holds the lock: ours then is its stand-by. */
  ensure(now: number): void {
    if (this.running || now - this.lastStart < RESTART_MS) return;
    this.lastStart = now;
    const launcher = join(this.packageRoot, 'build/native/scst-launch');
    const main = join(this.packageRoot, 'dist/node-agent/engine/main.js');
    const { runDir, stateDir, allowPath, minFree, logLevel } = this.options;
    const flags = [
      '--run-dir',
      runDir,
      '--state-dir',
      stateDir,
      '--min-free',
      String(minFree),
      '--log-level',
      logLevel,
    ];
    const roots = allowPath.flatMap((path) => ['--allow-path', path]);
    const command = [...(existsSync(launcher) ? [launcher] : []), process.execPath, main, ...flags, ...roots];
    mkdirSync(runDir, { recursive: true });
    const output = openSync(join(runDir, 'engine.log'), 'a');
    try {
      const child = spawn(command[0] ?? process.execPath, command.slice(1), {
        detached: true,
        stdio: ['ignore', output, output],
      });
      child.unref();
      this.running = true;
      this.log.info({ pid: child.pid }, 'engine started');
      child.on('error', (error) => this.ended({ error: error.message }));
      child.on('exit', (code, signal) => this.ended({ code, signal }));
    } finally {
      closeSync(output);
    }
  }

  private ended(how: object): void {
    if (!this.running) return;
    this.running = false;
    this.log.warn(how, 'engine ended');
    this.onExit();
  }
}
