// Bad manifests: kubectl refuses each of test/fixtures/invalid and names the field that its header names.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { USER_KINDS } from '../../crds/names.js';
import { Cluster } from './harness.js';

const FIXTURES = join(__dirname, '../fixtures/invalid');
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start([]);
}, 180_000);

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.yaml'));

it('has fixtures', () => {
  expect(files.length).toBeGreaterThan(10);
});

it.each(files)('kubectl apply refuses %s and names the field', async (file) => {
  const text = readFileSync(join(FIXTURES, file), 'utf8');
  const field = /^# field: (.*)$/m.exec(text)?.[1];
  expect(field).toBeDefined();
  const { code, stderr } = await cluster.controlPlane.kubectl(['apply', '--filename=-'], { input: text });
  expect(code).not.toBe(0);
  expect(stderr).toContain(field);
});

it('has made nothing of them', async () => {
  const listing = await cluster.controlPlane.kubectlOutput(['get', USER_KINDS.join(','), '--output=name']);
  expect(listing).toBe('');
});
