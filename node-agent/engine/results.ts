// Answers that the engine itself gives to a command: the fast path's failures, and defects of ours.
import { constants } from 'node:os';
import { MediumError, noteMediumFailure, STATUS, type CommandResult, type LogicalUnit } from '../scsi/index.js';

import { descriptorFormatSense } from '../scsi/spc/mode-pages.js';
import { encodeSense, mediumErrorSense } from '../scsi/spc/sense.js';
import type { NativeFailure } from '../native/types.js';

export const TASK_ABORTED: CommandResult = { status: STATUS.taskAborted };

/** HARDWARE ERROR, INTERNAL TARGET FAILURE. */
export function internalFailure(unit: LogicalUnit): CommandResult {
  return checkCondition(unit, { key: 0x04, asc: 0x44, ascq: 0x00 });
}

/**
 * The fast path's failure is the answer: the command is not tried again, because after a failed flush the kernel
 * forgets the lost pages, and a second flush would succeed.
 */
export function nativeFailure(unit: LogicalUnit, { operation, errno }: NativeFailure): CommandResult {
  const noSpace = errno === constants.errno.ENOSPC || errno === constants.errno.EDQUOT;
  const kind = operation === 'write' && noSpace ? 'noSpace' : operation;
  const error = new MediumError(kind, `${operation} failed with errno ${errno}`);
  noteMediumFailure(unit, error);
  return checkCondition(unit, mediumErrorSense(error));
}

function checkCondition(unit: LogicalUnit, sense: Parameters<typeof encodeSense>[0]): CommandResult {
  return { status: STATUS.checkCondition, sense: encodeSense(sense, descriptorFormatSense(unit)) };
}
