// `scst import`: an scst.conf to manifests.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { parseLabels } from '../../crds/labels.js';
import type { ScstTargetSpec, UserObject } from '../../crds/types.js';
import { validateManifest } from '../../crds/validation/validate.js';
import { CommandFailed, EXIT, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { importScstConf } from '../scstconf/import.js';
import type { Problem } from '../scstconf/syntax.js';
import { paintFor, type Terminal } from '../terminal.js';

export interface ImportOptions {
  output?: string;
  nodeName?: string;
  nodeSelector?: string;
  strict?: boolean;
}

/** Where imported targets go unless somebody says so: nowhere, until a node gets this label. */
const DEFAULT_LABEL = 'scst.dev/imported';

/** Nothing is written where the file, or an object made of it, is wrong. */
export async function runImport(file: string, options: ImportOptions, { out, err }: Terminal): Promise<ExitCode> {
  const text = await readText(file).catch((error: Error) => {
    throw new CommandFailed(error.message, EXIT.failed, { cause: error });
  });
  const { objects, problems, origins } = importScstConf(text, placementOf(options));
  for (const object of objects) {
    const result = validateManifest(object);
    const at = origins.get(object) ?? { line: 1, column: 1 };
    if (!result.valid)
      problems.push(
        ...result.errors.map(({ field, message }) => ({
          severity: 'error' as const,
          ...at,
          message: `${object.kind} ${object.metadata.name}: ${field} ${message}`,
        })),
      );
  }
  const name = file === '-' ? 'scst.conf' : file;
  const paint = paintFor(err);
  for (const { severity, line, column, message } of problems)
    err.write(
      `${name}:${line}:${column}: ${severity === 'error' ? paint.red(severity) : paint.yellow(severity)}: ${message}\n`,
    );
  if (problems.some(({ severity }) => severity === 'error' || options.strict === true)) {
    err.write(`${summary(problems)}; nothing was written\n`);
    return EXIT.failed;
  }
  const manifests = objects.map(manifest).join('---\n');
  if (options.output === undefined) out.write(manifests);
  else await writeManifests(options.output, `${basename(name).replace(/\.conf$/, '')}.yaml`, manifests);
  if (
    options.nodeName === undefined &&
    options.nodeSelector === undefined &&
    objects.some(({ kind }) => kind === 'ScstTarget')
  )
    err.write(
      `the targets go to the nodes with the label ${DEFAULT_LABEL}: kubectl label node NAME ${DEFAULT_LABEL}=\n`,
    );
  return EXIT.done;
}

function placementOf({ nodeName, nodeSelector }: ImportOptions): Pick<ScstTargetSpec, 'nodeName' | 'nodeSelector'> {
  if (nodeName !== undefined && nodeSelector !== undefined)
    throw new CommandFailed('--node-name and --node-selector exclude each other', EXIT.usage);
  if (nodeName !== undefined) return { nodeName };
  const matchLabels = parseLabels(nodeSelector ?? `${DEFAULT_LABEL}=`);
  if (matchLabels === undefined)
    throw new CommandFailed(`--node-selector takes KEY=VALUE,…, not ${JSON.stringify(nodeSelector)}`, EXIT.usage);
  return { nodeSelector: { matchLabels } };
}

function manifest({ apiVersion, kind, metadata: { name }, spec }: UserObject): string {
  return stringify({ apiVersion, kind, metadata: { name }, spec }, { lineWidth: 0 });
}

function summary(problems: readonly Problem[]): string {
  const count = (severity: Problem['severity']) => problems.filter((each) => each.severity === severity).length;
  return `${count('error')} errors, ${count('warning')} warnings`;
}

/** Whoever reads the directory meanwhile sees the old file or the new one. */
async function writeManifests(directory: string, file: string, text: string): Promise<void> {
  const temporary = join(directory, `.${file}.${process.pid}`);
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, join(directory, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CommandFailed(`${directory}: ${(error as Error).message}`, EXIT.failed, { cause: error });
  }
}
