// The one error class of the control plane harness, and what may go wrong.

/**
 * - `NOT_BUILT`: a binary isn't in the cache: build.sh makes it.
 * - `MISSING_TOOL`: a program of the machine (openssl, setpriv) isn't installed or too old.
 * - `NO_FREE_PORT`: no port below the ephemeral range could be bound.
 * - `EXITED`: a component ended by itself while it started; the message ends with its log's last lines.
 * - `NOT_READY`: a component runs but didn't become ready in time; likewise.
 * - `COMMAND_FAILED`: a kubectl, helm or openssl run that had to succeed didn't; the message holds what it said.
 */
export type ControlPlaneErrorCode =
  'NOT_BUILT' | 'MISSING_TOOL' | 'NO_FREE_PORT' | 'EXITED' | 'NOT_READY' | 'COMMAND_FAILED';

export class ControlPlaneError extends Error {
  constructor(
    readonly code: ControlPlaneErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ControlPlaneError';
  }
}
