// What the agent uses of LIO: names, the model, observe → diff → execute, kernel modules.
export * from './naming.js';
export type * from './model.js';
export { diff, sessionOf, type Difference } from './diff/diff.js';
export type * from './diff/steps.js';
