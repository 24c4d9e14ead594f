// The queue of a logical unit, by property: any mix of jobs, any order of their ends.
import fc from 'fast-check';
import { UnitQueue, type Job } from './unit-queue.js';

interface TestJob extends Job {
  id: number;
}

/** Runs jobs whose ends the test decides, and records what happened. */
function build() {
  const events: string[] = [];
  const running = new Map<number, { access: Job['access']; end: () => void }>();
  const gate = { closed: 0, pendingClose: [] as (() => void)[] };
  const queue = new UnitQueue<TestJob>({
    closeGate: () => {
      gate.closed += 1;
      return new Promise<void>((resolve) => gate.pendingClose.push(resolve));
    },
    openGate: () => {
      gate.closed -= 1;
    },
  });
  const job = (id: number, access: Job['access']): TestJob => ({
    id,
    access,
    run: () => {
      const others = [...running.values()];
      if (access === 'exclusive' && (others.length > 0 || gate.closed !== 1)) events.push(`violation ${id}`);
      if (others.some((other) => other.access === 'exclusive')) events.push(`violation ${id}`);
      events.push(`start ${id}`);
      return new Promise<void>((resolve) => {
        running.set(id, {
          access,
          end: () => {
            running.delete(id);
            resolve();
          },
        });
      });
    },
  });
  return { queue, job, events, running, gate };
}
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const access = fc.constantFrom<Job['access']>('shared', 'exclusive');

test('jobs start in order, all of them, and an exclusive one has the unit for itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(access, { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (accesses, choices) => {
      const { queue, job, events, running, gate } = build();
      accesses.forEach((one, id) => queue.push(job(id, one)));
      for (let idle = 0; idle < 3;) {
        await settle();
        gate.pendingClose.shift()?.();
        const list = [...running.values()];
        const [choice] = choices.take(1);
        if (list.length > 0) list[(choice ?? 0) % list.length]?.end();
        idle = list.length > 0 ? 0 : idle + 1;
      }
      expect(events).toEqual(accesses.map((_, id) => `start ${id}`));
      expect(gate.closed).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('shared jobs overlap', () => {
  const { queue, job, running } = build();
  queue.push(job(1, 'shared'));
  queue.push(job(2, 'shared'));
  expect([...running.keys()]).toEqual([1, 2]);
});

test('nothing passes an exclusive job that waits', async () => {
  const { queue, job, running, gate } = build();
  queue.push(job(1, 'shared'));
  queue.push(job(2, 'exclusive'));
  queue.push(job(3, 'shared'));
  gate.pendingClose.shift()?.();
  await settle();
  expect([...running.keys()]).toEqual([1]);
  running.get(1)?.end();
  await settle();
  expect([...running.keys()]).toEqual([2]);
  running.get(2)?.end();
  await settle();
  expect([...running.keys()]).toEqual([3]);
});

test('a withdrawn exclusive job opens the gate again for those behind it', async () => {
  const { queue, job, running, gate } = build();
  queue.push(job(1, 'exclusive'));
  queue.push(job(2, 'shared'));
  expect(queue.withdraw(({ id }) => id === 1).map(({ id }) => id)).toEqual([1]);
  gate.pendingClose.shift()?.();
  await settle();
  expect([...running.keys()]).toEqual([2]);
  expect(gate.closed).toBe(0);
});

test('a stopped queue ends what runs and starts nothing', async () => {
  const { queue, job, running } = build();
  queue.push(job(1, 'shared'));
  let stopped = false;
  const stop = queue.stop().then(() => (stopped = true));
  queue.push(job(2, 'shared'));
  await settle();
  expect(stopped).toBe(false);
  expect([...running.keys()]).toEqual([1]);
  running.get(1)?.end();
  await stop;
  await settle();
  expect(running.size).toBe(0);
});

test('nothing waits for a detached job', async () => {
  const { queue, events, job, running, gate } = build();
  const detached: Job['access'][] = [];
  queue.push({ id: 1, access: 'detached', run: () => new Promise<void>(() => detached.push('detached')) });
  queue.push(job(2, 'exclusive'));
  gate.pendingClose.shift()?.();
  await settle();
  expect([detached, [...running.keys()], events]).toEqual([['detached'], [2], ['start 2']]);
});

test('a queue that is held runs only its own work, in any order with commands, until it is released', async () => {
  const { queue, job, events, running, gate } = build();
  const own = (id: number, run: () => void | Promise<void>): TestJob => ({
    id,
    access: 'exclusive',
    ownWork: true,
    run: async () => {
      events.push(`start ${id}`);
      await run();
    },
  });
  const close = async () => {
    await settle();
    for (const resolve of gate.pendingClose.splice(0)) resolve();
    await settle();
  };
  queue.push(own(1, () => queue.hold()));
  await close();
  await close();
  expect(gate.closed).toBe(1);
  queue.push(job(2, 'shared'));
  queue.push(job(3, 'exclusive'));
  queue.push(own(4, () => undefined));
  await close();
  expect([events, gate.closed]).toEqual([['start 1', 'start 4'], 1]);
  queue.push(own(5, () => queue.release()));
  await close();
  expect([...running.keys()]).toEqual([2]);
  running.get(2)?.end();
  await close();
  expect([...running.keys()]).toEqual([3]);
  running.get(3)?.end();
  await settle();
  expect([events.slice(2), gate.closed]).toEqual([['start 5', 'start 2', 'start 3'], 0]);
});
