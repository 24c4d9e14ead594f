// bin/scst as a program: on a terminal and in a pipe, as kubectl's plugin, and what a shell's completion asks it.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serveJsonRpc, type JsonRpcServer } from '../node-agent/protocol/json-rpc-server.js';
import type { NodeState } from '../node-agent/protocol/node.js';
import { planNode } from '../operator/plan/plan-node.js';
import { buildIndex } from '../operator/plan/object-index.js';
import { node, quickstart, SETUP_ID } from '../test/model/objects.js';

jest.setTimeout(60_000);
const BIN = join(__dirname, '../bin');
const run = async (program: string, ...args: string[]) => promisify(execFile)(program, args);

let directory: string;
let socket: string;
let agent: JsonRpcServer;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'scst-binary-'));
  socket = join(directory, 'agent.sock');
  const objects = quickstart();
  const { spec } = planNode(buildIndex(objects, [node('n1', { zone: 'a' })]), 'n1', { setupId: SETUP_ID });
  const [session] = spec.sessions;
  const [lun] = spec.luns;
  const state: NodeState = {
    node: 'n1',
    agentVersion: '0',
    spec: { nodeUID: 'n1', epoch: 1, tombstones: [], ...spec },
    status: {
      conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: '' }],
      sessions: [{ uid: session?.uid ?? '', generation: 1, state: 'Ready', host: 3 }],
      luns: [
        {
          uid: lun?.uid ?? '',
          session: session?.uid ?? '',
          generation: 1,
          state: 'Failed',
          reason: 'PathNotAllowed',
          message: 'not there',
        },
      ],
    },
    baselines: {},
    manifests: { directory: '/etc/scst/manifests', objects, files: {}, problems: [], findings: [] },
  };
  agent = await serveJsonRpc({ socketPath: socket, methods: { state: () => state } });
});
afterAll(async () => {
  await agent.close();
  rmSync(directory, { recursive: true });
});

const ESCAPE = '\u001b[';

it('has colours on a terminal, and none in a pipe or where they aren’t wanted', async () => {
  const command = `${BIN}/scst --socket ${socket} tree`;
  const onTerminal = async (environment = '') =>
    (await run('script', '-qec', `${environment}${command}`, '/dev/null')).stdout;
  expect(await onTerminal()).toContain(`${ESCAPE}32mReady`);
  expect(await onTerminal()).toContain(`${ESCAPE}31mFailed`);
  expect(await onTerminal('NO_COLOR=1 ')).not.toContain(ESCAPE);
  const { stdout, stderr } = await run(`${BIN}/scst`, '--socket', socket, 'tree');
  expect(stderr).toBe('');
  expect(stdout).toBe(
    [
      `# node n1 (${socket})`,
      'node n1  Ready',
      '└─ target tgt',
      '   └─ session host  host3  Ready',
      '      └─ LUN 0  disk  1Mi  Failed  PathNotAllowed: not there',
      '',
    ].join('\n'),
  );
});

it('is kubectl’s plugin under its other name', async () => {
  const { stdout } = await run(`${BIN}/kubectl-scst`, '--socket', socket, 'get', 'luns', '-o', 'name');
  expect(stdout).toBe('scstlun.scst.dev/disk\n');
});

it('cli-04: lists in the same order and bytes each time, and cuts nothing', async () => {
  for (const args of [['tree'], ['get', '-o', 'wide'], ['lsscsi'], ['lsscsi', '-o', 'json'], ['stats']]) {
    const [once, again] = [
      await run(`${BIN}/scst`, '--socket', socket, ...args),
      await run(`${BIN}/scst`, '--socket', socket, ...args),
    ];
    expect(once).toEqual(again);
    expect(once.stdout).not.toMatch(/…/);
  }
});

it('completes commands and options', async () => {
  const complete = async (...words: string[]) => (await run(`${BIN}/scst`, 'complete', '--', ...words)).stdout;
  expect(await complete('tr')).toMatch(/^tree\t/);
  expect(await complete('plan', '--')).toMatch(/^--file\t[^]*^--delete\t/m);
  expect((await run(`${BIN}/scst`, 'complete', 'bash')).stdout).toMatch(/complete .*scst/);
});
