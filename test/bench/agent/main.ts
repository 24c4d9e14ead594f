// `make bench-agent`: what agent and engine take beside I/O, each beside a C program that does the same work on the same kernel.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../env/stack/eventually.js';
import { ROOT } from '../../env/stack/paths.js';
import { LoneNode } from '../../kernel/support/lone-node.js';
import { object } from '../../kernel/support/manifests.js';
import { sessionTimes } from './sessions.js';
import { percentile, tableOf, type Row } from './report.js';

const BUILD = join(ROOT, 'build/bench');
const DOCUMENTS = join(ROOT, 'docs/benchmarks');
const SESSIONS = 50;
const LUNS = 256;
const RINGS = 64;
const PLACE = [
  object('ScstTarget', 'bench', '{nodeSelector: {matchLabels: {scst.dev/test: ""}}}'),
  object('ScstSession', 'bench', '{target: bench}'),
];

/** So many devices, each with a LUN of the one session. */
function disks(count: number, engine: 'kernel' | 'tcmu'): string {
  const each = Array.from({ length: count }, (_, lun) => [
    object(
      'ScstDevice',
      `d${lun}`,
      `{engine: ${engine}, vdiskFileio: {filename: /var/lib/scst/d${lun}.img, size: 1Mi}}`,
    ),
    object('ScstLun', `d${lun}`, `{target: bench, lun: ${lun}, device: d${lun}}`),
  ]);
  return [...PLACE, ...each.flat()].join('---\n');
}

function compile(program: string): void {
  const flags = ['-O2', '-std=c11', '-D_GNU_SOURCE', '-pthread', '-o', join(BUILD, program)];
  execFileSync('cc', [...flags, join(ROOT, `test/bench/agent/${program}.c`)]);
}

async function main(): Promise<void> {
  mkdirSync(BUILD, { recursive: true });
  for (const program of ['yardstick', 'await']) compile(program);
  const yardstick = join(BUILD, 'yardstick');
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}: ${Object.keys(PARTS).join(', ')}`);
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(PARTS))
    if (names.length === 0 || names.includes(name)) rows.push(...(await onNode((node) => measure(node, yardstick))));
  console.log(`\n${tableOf(rows)}`);
  if (names.length > 0) return;
  mkdirSync(DOCUMENTS, { recursive: true });
  writeFileSync(join(DOCUMENTS, 'agent.json'), `${JSON.stringify(rows, undefined, 2)}\n`);
  console.log('\nwritten: docs/benchmarks/agent.json');
}

/** Each on a node of its own; named as arguments, only those are run, and nothing is written. */
const PARTS: Readonly<Record<string, (node: LoneNode, yardstick: string) => Promise<Row[]>>> = {
  sessions: measureSessions,
  luns: measureLuns,
  rings: measureRings,
};

async function onNode<T>(work: (node: LoneNode) => Promise<T>): Promise<T> {
  const node = await LoneNode.boot({ kernel: 'uml', configfs: true });
  try {
    return await work(node);
  } finally {
    await node.stop();
  }
}

/** From the manifest of a session to its sg device that answers, and a bare loop of configfs writes to the same. */
async function measureSessions(node: LoneNode, yardstick: string): Promise<Row[]> {
  console.log(`${SESSIONS} sessions, one after the other`);
  await node.apply('bench.yaml', disks(1, 'tcmu'));
  await node.startAgent();
  await node.ready('/dev/scst/bench/bench/lun0');
  const ours = await sessionTimes(node, SESSIONS);
  await node.withdraw('bench.yaml');
  await node.nothingLeft();
  const backstore = '/sys/kernel/config/target/core/fileio_7/bare';
  await node.sh(
    `modprobe target_core_file; truncate -s 1M /var/lib/scst/bare.img && mkdir -p ${backstore} && echo fd_dev_name=/var/lib/scst/bare.img,fd_dev_size=1048576,fd_buffered_io=1 > ${backstore}/control && echo 1 > ${backstore}/enable`,
  );
  const bare = numbers(await node.sh(`${yardstick} sessions ${SESSIONS} ${backstore}`));
  return [50, 95].map((p) => ({
    name: `session created to usable sg, p${p}`,
    ours: percentile(ours, p),
    yardstick: percentile(bare, p),
    unit: 'ms',
  }));
}

/** LUNs that LIO serves: what the kernel does for each is the same for both. */
async function measureLuns(node: LoneNode, yardstick: string): Promise<Row[]> {
  console.log(`${LUNS} LUNs at once`);
  // On a node of its own: 256 disks that are there already would make the others slower.
  const bare = await onNode((other) => bareLuns(other, yardstick));
  await node.sh(`mkdir -p /var/lib/scst && ${imagesOf('/var/lib/scst/d')}`);
  await node.startAgent(['--http-port', '9809']);
  for (const condition of ['Ready', 'EngineConnected'])
    await eventually(async () => expectTrue(await node.condition(condition)), 60_000);
  const start = Date.now();
  await node.apply('bench.yaml', disks(LUNS, 'kernel'));
  // Without polling: the node's one CPU is what is measured.
  const ready = `${join(BUILD, 'await')} /run/scst/status.json '"lunsReady": "${LUNS}/${LUNS}"'`;
  await node.sh(`${ready} && udevadm settle --timeout=600`, 900_000);
  const ours = Date.now() - start;
  const passes = async () => {
    const read = "fetch('http://127.0.0.1:9809/metrics').then((answer) => answer.text()).then(console.log)";
    const metrics = await node.sh(`${process.execPath} -e "${read}"`);
    const of = (name: string) =>
      Number(new RegExp(`scst_agent_pass_duration_seconds_${name}\\{result="success"\\} (\\S+)`).exec(metrics)?.[1]);
    return {
      sum: of('sum'),
      count: of('count'),
      steps: metrics
        .split('\n')
        .filter((line) => line.startsWith('scst_agent_steps_total'))
        .join('\n'),
    };
  };
  const before = await passes();
  for (let i = 0; i < 5; i += 1)
    await node.sh(`touch /etc/scst/manifests/again${i}.yaml; sleep 3; rm /etc/scst/manifests/again${i}.yaml; sleep 3`);
  const after = await passes();
  if (after.steps !== before.steps) throw new Error('a pass with nothing to do took steps');
  const trees = numbers(await node.sh(`for i in 1 2 3 4 5; do ${yardstick} tree; done`));
  return [
    { name: `${LUNS} LUNs on one node, all at once`, ours, yardstick: bare, unit: 'ms' },
    {
      name: `a pass over ${LUNS} LUNs with nothing to do`,
      ours: ((after.sum - before.sum) / (after.count - before.count)) * 1000,
      yardstick: percentile(trees, 50),
      unit: 'ms',
    },
  ];
}

/** Milliseconds of a loop of the same configfs writes, until udev is done with the disks. */
async function bareLuns(node: LoneNode, yardstick: string): Promise<number> {
  const files = '/var/lib/scst/c';
  await node.sh(`mkdir -p ${files} && ${imagesOf(`${files}/disk`)} && modprobe target_core_file`);
  const start = Date.now();
  await node.sh(`${yardstick} luns ${LUNS} ${files} && udevadm settle --timeout=600`, 700_000);
  return Date.now() - start;
}

/** Both begin with the files of their disks. */
function imagesOf(prefix: string): string {
  return `for i in $(seq 0 ${LUNS - 1}); do truncate -s 1M ${prefix}$i.img; done`;
}

function expectTrue({ status, message }: { status: string; message: string }): void {
  if (status !== 'True') throw new Error(message);
}

async function measureRings(node: LoneNode, yardstick: string): Promise<Row[]> {
  console.log(`an engine with ${RINGS} rings`);
  await node.apply('bench.yaml', disks(RINGS, 'tcmu'));
  await node.startEngine();
  await node.startAgent(['--engine', 'external']);
  await node.ready(...Array.from({ length: RINGS }, (_, lun) => `/dev/scst/bench/bench/lun${lun}`));
  await node.sh('sleep 5');
  const rss = Number(await node.sh(`awk '/VmRSS/ {print $2}' /proc/$(pgrep -f "engine/main.j[s]" | head -n 1)/status`));
  await node.signal('agent', 'SIGKILL');
  await node.signal('engine', 'SIGKILL');
  const takeover = async (program: string) =>
    numbers(await node.sh(`(timeout -s KILL 20 ${program} > /tmp/rings) 2> /dev/null; cat /tmp/rings`))[0] ?? NaN;
  const bare = await takeover(`${yardstick} rings`);
  const least = await takeover(`${process.execPath} ${join(__dirname, 'least-takeover.js')}`);
  await node.sh('truncate -s 0 /run/scst-engine.log');
  const start = Number(await node.sh('date +%s%3N'));
  await node.startEngine();
  await eventually(async () => {
    const attached = Number(await node.sh('grep -c "ring attached" /run/scst-engine.log || true'));
    if (attached < RINGS) throw new Error(`${attached} rings are attached`);
  }, 120_000);
  const times = numbers(
    await node.sh(
      `grep -E "ring attached|logical unit open" /run/scst-engine.log | grep -o '"time":[0-9]*' | cut -d: -f 2`,
    ),
  );
  const [first = NaN, last = NaN] = [times[0], times.at(-1)];
  return [
    { name: `engine with ${RINGS} idle rings, memory`, ours: rss / 1024, unit: 'MiB' },
    {
      name: `${RINGS} rings taken over, from the first to the last`,
      ours: last - first,
      yardstick: bare,
      unit: 'ms',
    },
    {
      name: `${RINGS} rings taken over by the least that an engine on Node does`,
      ours: least,
      yardstick: bare,
      unit: 'ms',
    },
    { name: `${RINGS} rings taken over, with the start of the process`, ours: last - start, unit: 'ms' },
  ];
}

function numbers(text: string): number[] {
  return text.split('\n').filter(Boolean).map(Number);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
