// COMPARE AND WRITE from two sessions while the engine dies again and again: each increment counts exactly once.
import { setTimeout as sleep } from 'node:timers/promises';
import { LoneNode } from '../support/lone-node.js';
import { disk, diskPath } from '../support/manifests.js';

jest.setTimeout(500_000);
const SESSIONS = ['a', 'b'];
const PATHS = SESSIONS.map((session) => diskPath('c', session));
const KILLS = 6;

/**
 * Counts block 0 up, as a text in decimal, until it is told to end and has counted itself; sg_compare_and_write exits
 * with 14 where another one was quicker. Says how often it counted. Two of these that run in step would have the same
 * one lose each time: whoever has counted lets the other one go first.
 */
const INCREMENT = `
dev=$1; dir=$(mktemp -d); cd $dir; i=0; lost=0
while [ ! -e /tmp/enough ] || [ $i = 0 ]; do
  dd if=$dev of=both bs=512 count=1 iflag=direct status=none || exit 1
  count=$(tr -d '\\0' < both)
  printf %d $((count + 1)) > next && truncate -s 512 next && cat next >> both
  sg_compare_and_write --in=both --lba=0 --num=1 $dev.sg 2> said
  case $? in 0) i=$((i + 1)); sleep 0.1;; 14) lost=$((lost + 1));; *) cat said; exit 2;; esac
done
echo "$i counted, $lost lost"
`;

describe('counters in a block', () => {
  let node: LoneNode;

  beforeAll(async () => {
    node = await LoneNode.start({ kernel: 'qemu' }, { 'c.yaml': disk('c', { sessions: SESSIONS }) });
    await node.ready(...PATHS);
    await node.machine.write('/root/increment.sh', INCREMENT);
  });
  afterAll(() => node.stop());

  it('are exact over the deaths of the engine', async () => {
    const counting = await Promise.all(PATHS.map((path) => node.machine.spawn(`sh /root/increment.sh ${path}`)));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await sleep(Math.random() * 800);
      await node.replaceEngine(PATHS.length);
    }
    await node.sh('touch /tmp/enough');
    expect(await Promise.all(counting.map(({ exited }) => exited))).toEqual(PATHS.map(() => 0));
    const said = counting.map((each) => /^(\d+) counted, \d+ lost$/m.exec(each.output()));
    console.log(`${KILLS} deaths; ${said.map((each) => each?.[0]).join('; ')}`);
    const counts = said.map((each) => Number(each?.[1]));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const [path = ''] = PATHS;
    expect(await node.sh(`dd if=${path} bs=512 count=1 iflag=direct status=none | tr -d '\\0'`)).toBe(
      String(counts.reduce((sum, count) => sum + count, 0)),
    );
    expect(await node.ioErrors()).toBe('');
    await node.machine.assertCleanKernel();
  });
});
