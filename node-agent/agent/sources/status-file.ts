// <run-dir>/status.json: what a person on the node can read, whether or not there is a cluster to report to.
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ScstNodeStatus } from '../../../crds/types.js';
import type { Finding } from '../../../operator/plan/objects.js';
import { writeAtomically } from '../../files/atomic-file.js';
import type { ManifestProblem } from '../../../crds/manifest-files.js';

export interface StatusFileContent {
  node: string;
  /** Of a lone node. */
  manifests?: { directory: string; problems: ManifestProblem[]; findings: Finding[] };
  status: ScstNodeStatus;
}

export class StatusFile {
  private readonly path: string;
  private written: StatusFileContent | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    runDir: string,
    private readonly log: Logger,
  ) {
    this.path = join(runDir, 'status.json');
  }

  /** Writes it in the background when it differs from what was written; a reader sees the old content or the new. */
  write(content: StatusFileContent): void {
    if (isDeepStrictEqual(content, this.written)) return;
    this.written = content;
    this.writing = this.writing
      .then(() => writeAtomically(this.path, `${JSON.stringify(content, undefined, 2)}\n`, false))
      .catch((error: Error) => this.log.warn({ error: error.message }, `${this.path} can't be written`));
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.writing;
  }
}
