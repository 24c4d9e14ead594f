// SCST's default target by one switch of the chart: made where it is missing, with the operator's own rights, and left alone.
import { parseAllDocuments } from 'yaml';
import { CHART, Cluster, eventually } from './harness.js';

jest.setTimeout(60_000);
const SWITCH = 'defaultTarget.enabled=true';

interface Deployment {
  kind: string;
  spec: { template: { spec: { containers: { args: string[] }[] } } };
}

let cluster: Cluster;
beforeAll(async () => (cluster = await Cluster.start(['worker-1'], [SWITCH])), 180_000);
afterAll(() => cluster?.stop(), 60_000);

/** What the chart gives the operator for it. */
async function argument(): Promise<string> {
  const { stdout } = await cluster.controlPlane.helm(['template', 'scst', CHART, `--set=${SWITCH}`]);
  const deployment = parseAllDocuments(stdout)
    .map((document) => document.toJS() as Deployment | null)
    .find((manifest) => manifest?.kind === 'Deployment');
  const found = deployment?.spec.template.spec.containers[0]?.args.find((arg) => arg.startsWith('--default-target='));
  if (found === undefined) throw new Error('the chart gives no --default-target');
  return found;
}

it('is on the nodes that get its label, and an edit or a deletion of it lasts', async () => {
  const args = [await argument()];
  const first = await cluster.startOperator({ args });
  await eventually(async () =>
    expect(await cluster.user('ScstSession', 'scst-local-host')).toMatchObject({
      spec: { scstName: 'scst_local_host', target: 'scst-local-tgt' },
    }),
  );
  expect((await cluster.node('worker-1'))?.spec.targets ?? []).toEqual([]);
  await cluster.controlPlane.kubectlOutput(['label', 'node', 'worker-1', 'scst.dev/default-target=']);
  await eventually(async () =>
    expect((await cluster.node('worker-1'))?.spec).toMatchObject({
      targets: [{ scstName: 'scst_local_tgt' }],
      sessions: [{ scstName: 'scst_local_host' }],
    }),
  );
  await cluster.controlPlane.kubectlOutput([
    'patch',
    'scsttarget',
    'scst-local-tgt',
    '--type=merge',
    '-p',
    '{"spec":{"relTgtId":9}}',
  ]);
  await first.kill();
  await cluster.startOperator({ args });
  await eventually(async () =>
    expect((await cluster.node('worker-1'))?.spec).toMatchObject({ targets: [{ relTgtId: 9 }] }),
  );
});
