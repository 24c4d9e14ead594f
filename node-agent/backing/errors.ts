// Why a backing can't be used: the reason for the status and a message for the user.
import type { UnitReason } from '../protocol/types.js';

export class BackingRefused extends Error {
  constructor(
    readonly reason: UnitReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
