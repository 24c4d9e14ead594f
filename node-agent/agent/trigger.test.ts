// When the agent's passes run.
import { PassTrigger } from './trigger.js';

const never = () => {
  throw new Error('unexpected');
};

describe('PassTrigger', () => {
  it('coalesces the requests made during a pass into one more', async () => {
    let passes = 0;
    const trigger: PassTrigger = new PassTrigger({
      intervalMs: 60_000,
      retryMs: 1,
      onError: never,
      pass: () => {
        passes += 1;
        if (passes === 1) for (let n = 0; n < 5; n += 1) trigger.request();
        else trigger.stop();
        return Promise.resolve(undefined);
      },
    });
    await trigger.run();
    expect(passes).toBe(2);
  });

  it('goes on after a pass that threw, sooner than the interval', async () => {
    const errors: unknown[] = [];
    let passes = 0;
    const trigger: PassTrigger = new PassTrigger({
      intervalMs: 3_600_000,
      retryMs: 1,
      onError: (error) => errors.push(error),
      pass: async () => {
        passes += 1;
        if (passes < 3) throw new Error(`pass ${passes}`);
        trigger.stop();
        return undefined;
      },
    });
    await trigger.run();
    expect(errors).toHaveLength(2);
  });

  it('runs again after the time that a pass asks for', async () => {
    let passes = 0;
    const trigger: PassTrigger = new PassTrigger({
      intervalMs: 3_600_000,
      retryMs: 1,
      onError: never,
      pass: async () => {
        passes += 1;
        if (passes === 2) trigger.stop();
        return 1;
      },
    });
    await trigger.run();
    expect(passes).toBe(2);
  });
});
