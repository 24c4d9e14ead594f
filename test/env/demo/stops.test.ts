// Stops: everything is stopped, once, in the opposite order, whatever fails and whenever the end comes.
import { Stops } from './stops.js';

const recording = () => {
  const stops = new Stops();
  const stopped: string[] = [];
  const stop = (name: string) => () => {
    stopped.push(name);
    return name === 'broken' ? Promise.reject(new Error(name)) : Promise.resolve();
  };
  return { stops, stopped, stop };
};

it('stops in the opposite order of the start', async () => {
  const { stops, stopped, stop } = recording();
  await stops.add(stop('cluster'));
  await stops.add(stop('node'));
  await stops.run();
  expect(stopped).toEqual(['node', 'cluster']);
});

it('stops the others when one fails, and tells the failure', async () => {
  const { stops, stopped, stop } = recording();
  for (const name of ['cluster', 'broken', 'node']) await stops.add(stop(name));
  await expect(stops.run()).rejects.toThrow('broken');
  expect(stopped).toEqual(['node', 'broken', 'cluster']);
});

it('stops at once what starts after the end, and refuses to go on', async () => {
  const { stops, stopped, stop } = recording();
  await stops.run();
  await expect(stops.add(stop('late'))).rejects.toThrow('stopped');
  expect(stopped).toEqual(['late']);
});
