// What the `scst` command ends with, and the errors that say so.

export const EXIT = {
  done: 0,
  /** What was asked for didn't work, or what was looked at isn't well. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Neither an agent nor an API server answers. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with one line for people, and a code for scripts. */
export class CommandFailed extends Error {
  constructor(
    message: string,
    readonly code: ExitCode = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
