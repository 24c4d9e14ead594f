// Narrator: a person sees what is going on, how long it took and what failed.
import { Narrator } from './narrator.js';

let said: string;
let narrator: Narrator;
beforeEach(() => {
  jest.useFakeTimers();
  said = '';
  narrator = new Narrator((text) => (said += text));
});
afterEach(() => jest.useRealTimers());

it('numbers the steps, and marks those that held and the one that did not', async () => {
  expect(await narrator.step('First', () => Promise.resolve('result'))).toBe('result');
  await expect(narrator.step('Second', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(said).toMatch(/\[1\] First\n {2}✔ .*\n\n\[2\] Second\n {2}✘ after/);
});

it('says every two seconds that a step still runs, and at what it is', async () => {
  let finish: () => void = () => undefined;
  const step = narrator.step('Long', (progress) => {
    progress('the slow part');
    return new Promise<void>((resolve) => (finish = resolve));
  });
  jest.advanceTimersByTime(5_000);
  expect(said.match(/… the slow part/g)).toHaveLength(2);
  finish();
  await step;
  jest.advanceTimersByTime(5_000);
  expect(said.match(/…/g)).toHaveLength(2);
});

it('shows a command and each line of its output', () => {
  narrator.output('node-1', 'ls', 'a\nb\n');
  expect(said).toBe('  node-1$ ls\n  a\n  b\n');
});
