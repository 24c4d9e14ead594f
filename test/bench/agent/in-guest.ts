// Runs on the node: makes sessions by their manifests, and prints the milliseconds until the generic device of each answers.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const MANIFESTS = '/etc/scst/manifests';
const SESSION = 'apiVersion: scst.dev/v1alpha1\nkind: ScstSession\nmetadata: {name: timed}\nspec: {target: bench}\n';
const DEVICE = '/dev/scst/bench/timed/lun0.sg';
const POLL_MS = 2;

async function main(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    writeFileSync(`${MANIFESTS}/.timed`, SESSION);
    const start = performance.now();
    renameSync(`${MANIFESTS}/.timed`, `${MANIFESTS}/timed.yaml`);
    while (!existsSync(DEVICE)) await sleep(POLL_MS);
    const elapsed = performance.now() - start;
    // The first takes the unit attention; that it answers is not timed, because a program's start takes longer.
    spawnSync('sg_turs', ['-n', '2', DEVICE]);
    console.log(elapsed.toFixed(1));
    rmSync(`${MANIFESTS}/timed.yaml`);
    while (existsSync('/dev/scst/bench/timed')) await sleep(POLL_MS);
    // The pass that removed it ends.
    await sleep(500);
  }
}

void main(Number(process.argv[2]));
