// Work that goes before other processes, and the thread's own priority afterwards.
import { constants, getPriority } from 'node:os';
import { withPriority } from './priority.js';

const { PRIORITY_HIGH } = constants.priority;
let levels: number[];
beforeEach(() => (levels = []));
const set = (nice: number) => void levels.push(nice);

test('is raised for as long as the work takes', async () => {
  const during = await withPriority(() => Promise.resolve([...levels]), set);
  expect(during).toEqual([PRIORITY_HIGH]);
  expect(levels).toEqual([PRIORITY_HIGH, getPriority()]);
});

test('is what it was after work that failed', async () => {
  await expect(withPriority(() => Promise.reject(new Error('no')), set)).rejects.toThrow('no');
  expect(levels).toEqual([PRIORITY_HIGH, getPriority()]);
});

test('where it is not permitted, the work is done all the same', async () => {
  const refuse = () => {
    throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
  };
  expect(await withPriority(() => Promise.resolve('done'), refuse)).toBe('done');
});
