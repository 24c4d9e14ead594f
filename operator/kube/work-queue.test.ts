// Behaviour of the work queue: each key once, never twice at a time, retried, drained on stop.
import fc from 'fast-check';
import { TerminalError, WorkQueue, exponentialDelay, type Reconcile } from './work-queue.js';

/** A reconcile function that runs until it is told to end. */
class Manual {
  readonly begun: string[] = [];
  private readonly open = new Map<string, (error?: Error) => void>();

  readonly reconcile: Reconcile = (key) => {
    this.begun.push(key);
    return new Promise((resolve, reject) =>
      this.open.set(key, (error) => (error === undefined ? resolve() : reject(error))),
    );
  };

  async end(key: string, error?: Error): Promise<void> {
    const finish = this.open.get(key);
    this.open.delete(key);
    finish?.(error);
    await settled();
  }
}

/** All promise callbacks that are due have run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('WorkQueue', () => {
  it('does a key once that was added several times, in the order of the first', async () => {
    const manual = new Manual();
    const queue = new WorkQueue(manual.reconcile, { workers: 5 });
    ['a', 'b', 'a', 'b', 'c'].forEach((key) => queue.add(key));
    queue.start();
    expect(manual.begun).toEqual(['a', 'b', 'c']);
    await Promise.all(['a', 'b', 'c'].map((key) => manual.end(key)));
    await queue.stop();
  });

  it('does a key again that was added while it was in work, but not at the same time', async () => {
    const manual = new Manual();
    const queue = new WorkQueue(manual.reconcile, { workers: 5 });
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(manual.begun).toEqual(['a']);
    await manual.end('a');
    expect(manual.begun).toEqual(['a', 'a']);
    await manual.end('a');
    expect(manual.begun).toEqual(['a', 'a']);
    await queue.stop();
  });

  it('keeps other keys going while one hangs', async () => {
    const manual = new Manual();
    const queue = new WorkQueue(manual.reconcile, { workers: 2 });
    queue.start();
    ['stuck', 'b', 'c'].forEach((key) => queue.add(key));
    await manual.end('b');
    await manual.end('c');
    expect(manual.begun).toEqual(['stuck', 'b', 'c']);
    await manual.end('stuck');
    await queue.stop();
  });

  it('retries a failure until it succeeds, then counts from the first attempt again', async () => {
    const attempts: number[] = [];
    let failures = 3;
    let succeeded: (() => void) | undefined;
    const queue = new WorkQueue(() => (failures-- > 0 ? Promise.reject(new Error('not yet')) : Promise.resolve()), {
      workers: 1,
      delay: () => 0,
      observer: {
        failed: (_key, _error, attempt) => attempts.push(attempt),
        done: (_key, result) => (result === 'success' ? succeeded?.() : undefined),
      },
    });
    const success = () => new Promise<void>((resolve) => (succeeded = resolve));
    queue.start();
    queue.add('a');
    await success();
    failures = 1;
    queue.add('a');
    await success();
    expect(attempts).toEqual([1, 2, 3, 1]);
    await queue.stop();
  });

  it('does not retry a TerminalError, but does the key again when it is added', async () => {
    const results: string[] = [];
    const queue = new WorkQueue(() => Promise.reject(new TerminalError('never')), {
      workers: 1,
      observer: { done: (_key, result) => results.push(result) },
    });
    queue.start();
    queue.add('a');
    await settled();
    queue.add('a');
    await settled();
    expect(results).toEqual(['terminal', 'terminal']);
    await queue.stop();
  });

  it('does a key at once that is added while it waits for its retry', async () => {
    const manual = new Manual();
    const queue = new WorkQueue(manual.reconcile, { workers: 1, delay: () => 1_000_000 });
    queue.start();
    queue.add('a');
    await manual.end('a', new Error('no'));
    expect(manual.begun).toEqual(['a']);
    queue.add('a');
    expect(manual.begun).toEqual(['a', 'a']);
    await manual.end('a');
    await queue.stop();
  });

  it('takes the earlier of two delays', () => {
    jest.useFakeTimers();
    try {
      const manual = new Manual();
      const queue = new WorkQueue(manual.reconcile, { workers: 1 });
      queue.start();
      queue.addAfter('a', 1000);
      queue.addAfter('a', 10);
      queue.addAfter('a', 500);
      jest.advanceTimersByTime(10);
      expect(manual.begun).toEqual(['a']);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('stops after what is in work, and takes up nothing further', async () => {
    const manual = new Manual();
    const queue = new WorkQueue(manual.reconcile, { workers: 1 });
    queue.start();
    queue.add('a');
    queue.add('b');
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await settled();
    expect(stopped).toBe(false);
    await manual.end('a');
    await stopping;
    expect(manual.begun).toEqual(['a']);
  });

  it('never works on one key twice at a time nor forgets one, whatever the order of additions and ends', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }),
      fc.record({ end: fc.constantFrom('a', 'b', 'c', 'd'), fails: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
        const active = new Set<string>();
        const open = new Map<string, (fails: boolean) => void>();
        const owed = new Set<string>();
        const queue = new WorkQueue(
          (key) => {
            expect(active.has(key)).toBe(false);
            active.add(key);
            expect(active.size).toBeLessThanOrEqual(workers);
            owed.delete(key);
            return new Promise<void>((resolve, reject) =>
              open.set(key, (fails) => {
                active.delete(key);
                open.delete(key);
                return fails ? reject(new Error('no')) : resolve();
              }),
            );
          },
          { workers, delay: () => 1_000_000 },
        );
        queue.start();
        for (const current of steps) {
          if ('add' in current) {
            owed.add(current.add);
            queue.add(current.add);
          } else {
            open.get(current.end)?.(current.fails);
            await settled();
          }
        }
        while (open.size > 0) {
          [...open.values()].forEach((end) => end(false));
          await settled();
        }
        expect([...owed]).toEqual([]);
        await queue.stop();
      }),
      { numRuns: 100 },
    );
  });
});

describe('exponentialDelay', () => {
  it('doubles from 5 ms and never exceeds its limit', () => {
    expect([1, 2, 3, 4].map((attempt) => exponentialDelay(attempt))).toEqual([5, 10, 20, 40]);
    expect(exponentialDelay(60)).toBe(1_000_000);
    expect(exponentialDelay(2000, 15_000)).toBe(15_000);
  });
});
