// Loads the native add-on from build/native of the package, wherever this module runs from (dist/ or the sources).
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../files/package.js';
import type { NativeBinding } from './types.js';

export * from './types.js';

/** The add-on is missing or of another platform. */
export class NativeNotBuiltError extends Error {
  readonly code = 'NativeNotBuilt';
}

let loaded: NativeBinding | undefined;

/** The add-on, loaded at the first call. Throws NativeNotBuiltError. */
export function loadNative(): NativeBinding {
  loaded ??= loadFrom(builtPath('scst_ring.node'));
  return loaded;
}

/** Absolute path of a compiled program of this folder: scst-launch or scst-step. */
export function nativeProgram(name: 'scst-launch' | 'scst-step'): string {
  return builtPath(name);
}

function builtPath(name: string): string {
  const root = packageRoot(__dirname);
  if (root === undefined) throw new NativeNotBuiltError(`no package.json above ${__dirname}`);
  return join(root, 'build', 'native', name);
}

/** Exported for tests: loads the add-on at `path`. */
export function loadFrom(path: string): NativeBinding {
  if (!existsSync(path)) {
    throw new NativeNotBuiltError(`${path} is missing: run "make build" (or "make -C node-agent/native") first`);
  }
  try {
    return createRequire(path)(path) as NativeBinding;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NativeNotBuiltError(`${path} cannot be loaded (${reason}): run "make build" on this machine`, { cause });
  }
}
