// The errors of the test nodes.

/**
 * - `NOT_SET_UP`: setup.sh hasn't been run for this kind of node
 * - `INVALID_OPTIONS`: the options contradict each other or name something that doesn't exist
 * - `BOOT_FAILED`: the node ended, or isn't there in time; the message has the console's end
 * - `NODE_ENDED`: the node went away under a command
 * - `COMMAND_FAILED`: `sh`: the command's exit status isn't 0; the message has its output
 * - `TIMEOUT`: a command or a shutdown took longer than it may
 * - `KERNEL_COMPLAINT`: `assertCleanKernel`: the message has the kernel's lines
 */
export type TestNodeErrorCode =
  'NOT_SET_UP' | 'INVALID_OPTIONS' | 'BOOT_FAILED' | 'NODE_ENDED' | 'COMMAND_FAILED' | 'TIMEOUT' | 'KERNEL_COMPLAINT';

export class TestNodeError extends Error {
  override readonly name = 'TestNodeError';

  constructor(
    readonly code: TestNodeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
