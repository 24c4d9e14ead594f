// Test nodes: `startNode` and what belongs to it.
export { TestNodeError, type TestNodeErrorCode } from './errors.js';
export { cacheFolder, type NodeKernel } from './artifacts.js';
export type { TestNodeOptions } from './options.js';
export { KERNEL_COMPLAINT, shellQuote, startNode, TestNode } from './test-node.js';
export type { BackgroundCommand, RunOptions, RunResult } from './test-node.js';
