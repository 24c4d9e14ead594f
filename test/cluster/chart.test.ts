// The Helm chart, as helm installs it: CRDs, upgrades, second releases, and what an uninstall leaves.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { crdsDirectory } from '../../crds/load.js';
import { PLURALS } from '../../crds/names.js';
import type { CommandResult } from '../env/control-plane/command.js';
import { startControlPlane, type ControlPlane } from '../env/control-plane/control-plane.js';
import { CHART, eventually } from './harness.js';

jest.setTimeout(60_000);

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec?: { versions?: { schema: object }[] };
}

let controlPlane: ControlPlane;
let directory: string;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  directory = mkdtempSync(join(tmpdir(), 'scst-chart-'));
}, 180_000);

afterAll(async () => {
  await controlPlane?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function render(...args: string[]): Promise<Manifest[]> {
  const { stdout, stderr, code } = await helm('template', 'scst', CHART, '--namespace=scst-system', ...args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest): manifest is Manifest => manifest !== null);
}

function helm(...args: string[]): Promise<CommandResult> {
  return controlPlane.helm(args);
}

async function succeeds(run: Promise<CommandResult>): Promise<void> {
  const { code, stderr } = await run;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}

const isCrd = ({ kind }: Manifest) => kind === 'CustomResourceDefinition';

/** Names of everything with the label of the chart, but for what Kubernetes makes by itself. */
async function installed(): Promise<string[]> {
  const kinds = [
    'deployments,daemonsets,serviceaccounts,configmaps,leases,roles,rolebindings,pods',
    'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings',
  ].join(',');
  const selector = '--selector=app.kubernetes.io/part-of=scst-local';
  const output = await controlPlane.kubectlOutput(['get', kinds, '--all-namespaces', selector, '--output=name']);
  return output.split('\n').filter((line) => line !== '');
}

describe('the rendered chart', () => {
  it('has the CRDs of this checkout, to be kept on uninstall', async () => {
    const crds = (await render()).filter(isCrd);
    const sources = Object.values(PLURALS).map(
      (plural) => parse(readFileSync(join(crdsDirectory(), `${plural}.yaml`), 'utf8')) as Manifest,
    );
    const byName = (a: Manifest, b: Manifest) => a.metadata.name.localeCompare(b.metadata.name);
    expect(crds.sort(byName).map(({ spec }) => spec)).toEqual(sources.sort(byName).map(({ spec }) => spec));
    for (const { metadata } of crds) {
      expect(metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it.each([
    ['crds.install', ['CustomResourceDefinition']],
    ['rbac.create', ['Role', 'RoleBinding', 'ClusterRoleBinding']],
    ['admissionPolicy.create', ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']],
  ])('leaves out what %s=false switches off', async (value, kinds) => {
    const all = new Set((await render()).map(({ kind }) => kind));
    const without = new Set((await render(`--set=${value}=false`)).map(({ kind }) => kind));
    for (const kind of kinds) {
      expect([all.has(kind), without.has(kind)]).toEqual([true, false]);
    }
  });

  it('refuses a value that it does not know, and one of the wrong type', async () => {
    for (const value of ['operator.replica=1', 'operator.replicas=many', 'operator.nodeGracePeriod=soon']) {
      const { code, stderr } = await helm('template', 'scst', CHART, `--set=${value}`);
      expect(code).not.toBe(0);
      expect(stderr).toContain('operator');
    }
  });

  it('helm-04: has no hooks, which could get stuck or run where they are not wanted', async () => {
    const annotated = (await render()).flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
    expect(annotated.filter((name) => name.startsWith('helm.sh/hook'))).toEqual([]);
  });

  it('passes helm lint', () => succeeds(helm('lint', '--strict', CHART)));

  it('has each of its values in the schema', () => {
    const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as { properties: object };
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as object;
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(values)));
  });
});

describe('an installed chart', () => {
  it('helm-03: upgrades the CRDs, too', async () => {
    const former = join(directory, 'former');
    cpSync(CHART, former, { recursive: true, dereference: true });
    const file = join(former, 'files/crds/scstluns.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^ +- name: Path\n.*\n.*\n/m, ''));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    const columns = ['get', 'crd', 'scstluns.scst.dev', '--output=jsonpath={..additionalPrinterColumns[*].name}'];

    await succeeds(helm('install', 'scst', former, '--namespace=scst-system', '--create-namespace'));
    expect(await controlPlane.kubectlOutput(columns)).not.toContain('Path');
    await succeeds(helm('upgrade', 'scst', CHART, '--namespace=scst-system'));
    expect(await controlPlane.kubectlOutput(columns)).toContain('Path');
  });

  it('helm-02: refuses a second release with a text that says why, and makes nothing', async () => {
    const before = await installed();
    const { code, stderr } = await helm('install', 'other', CHART, '--namespace=elsewhere', '--create-namespace');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/installed in this cluster already, as release scst in namespace scst-system/);
    expect(await installed()).toEqual(before);
  });

  it('helm-01: leaves the CRDs and the objects on uninstall, and nothing else of its own', async () => {
    const quickstart = join(CHART, '../../examples/quickstart.yaml');
    await eventually(() => controlPlane.kubectlOutput(['apply', `--filename=${quickstart}`]));
    expect(await installed()).not.toEqual([]);
    await succeeds(helm('uninstall', 'scst', '--namespace=scst-system'));
    expect(await installed()).toEqual([]);
    const crds = await controlPlane.kubectlOutput(['get', 'crd', '--output=name']);
    expect(crds.trim().split('\n')).toHaveLength(readdirSync(join(CHART, 'files/crds')).filter(isYaml).length);
    expect(await controlPlane.kubectlOutput(['get', 'scst', '--output=name'])).toContain('scstdevice');
  });

  it('helm-02: can be installed over the CRDs that stayed, and over ones that kubectl applied', async () => {
    await succeeds(helm('install', 'scst', CHART, '--namespace=scst-system'));
    await succeeds(helm('uninstall', 'scst', '--namespace=scst-system'));
    const elsewhere = ['install', 'again', CHART, '--namespace=elsewhere', '--create-namespace'];
    await succeeds(helm(...elsewhere, '--set=crds.install=false'));
    await succeeds(helm('uninstall', 'again', '--namespace=elsewhere'));
    await succeeds(helm(...elsewhere, '--take-ownership'));
  });
});

function isYaml(name: string): boolean {
  return name.endsWith('.yaml');
}
