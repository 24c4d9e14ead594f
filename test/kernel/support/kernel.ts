// The kernel on which the tests of faults run: each of them on both, as a jest project of its own (jest.config.cjs).
import type { NodeKernel } from '../../env/node/index.js';

/** UML, one CPU and quick; QEMU, two emulated CPUs, where threads of the engine and of the kernel really run at once. */
export const KERNEL = (globalThis as unknown as { TEST_KERNEL: NodeKernel }).TEST_KERNEL;
