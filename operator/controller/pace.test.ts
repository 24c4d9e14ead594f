// How the pace of writes answers a few changes, and many.
import fc from 'fast-check';
import { Pace } from './pace.js';

const OPTIONS = { burst: 4, refillMilliseconds: 1_000, spacingMilliseconds: 100 };
let time: number;
let pace: Pace;

beforeEach(() => {
  time = 0;
  pace = new Pace(OPTIONS, () => time);
});

describe('Pace', () => {
  it('lets the first write pass at once, and the next few after the spacing', () => {
    const waits = Array.from({ length: 4 }, () => {
      const wait = pace.wait('a');
      time += wait;
      pace.wrote('a');
      return wait;
    });
    expect(waits).toEqual([0, 100, 100, 100]);
  });

  it('has saved the burst up again after a pause', () => {
    for (let write = 0; write < 20; write += 1) {
      time += pace.wait('a');
      pace.wrote('a');
    }
    expect(pace.wait('a')).toBeGreaterThan(900);
    time += 10_000;
    expect(pace.wait('a')).toBe(0);
  });

  it('counts each key for itself', () => {
    pace.wrote('a');
    expect([pace.wait('a'), pace.wait('b')]).toEqual([100, 0]);
    pace.forget('a');
    expect(pace.wait('a')).toBe(0);
  });

  it('never lets more pass than the burst and what time earned, however the changes come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (gaps) => {
        time = 0;
        pace = new Pace(OPTIONS, () => time);
        let writes = 0;
        for (const gap of gaps) {
          time += gap;
          if (pace.wait('a') === 0) {
            pace.wrote('a');
            writes += 1;
          }
        }
        expect(writes).toBeLessThanOrEqual(OPTIONS.burst + time / OPTIONS.refillMilliseconds + 1);
      }),
    );
  });
});
