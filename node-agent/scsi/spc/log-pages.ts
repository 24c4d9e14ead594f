// Log pages that every direct access personality has (SPC-4 7.3), with what is known of a medium that isn't hardware.
import { bytes16, concat } from './bytes.js';
import type { LogPageDefinition } from './personality.js';

/** DU 0, TSD 0, FORMAT AND LINKING 11b: a binary list that LOG SELECT doesn't change. */
const BINARY_LIST = 0x03;
/** The reading can't be given. */
const NO_TEMPERATURE = 0xff;
const NOT_COUNTED = [0xff, 0xff, 0xff, 0xff];
const SELF_TESTS = 20;
const SPACE = 0x20;

function parameter(code: number, ...value: number[]): number[] {
  return [...bytes16(code), BINARY_LIST, value.length, ...value];
}

const supportedPages: LogPageDefinition = {
  code: 0x00,
  parameters: ({ personality }) => Uint8Array.from(personality.logPages, ({ code }) => code),
};

const temperature: LogPageDefinition = {
  code: 0x0d,
  parameters: () => concat(parameter(0, 0, NO_TEMPERATURE), parameter(1, 0, NO_TEMPERATURE)),
};

/** Dates of manufacture and accounting are blank; start-stop cycles are neither specified nor counted. */
const startStopCycles: LogPageDefinition = {
  code: 0x0e,
  parameters: () =>
    concat(
      ...[1, 2].map((code) => parameter(code, ...new Array<number>(6).fill(SPACE))),
      ...[3, 4].map((code) => parameter(code, ...NOT_COUNTED)),
    ),
};

/** The self-test of SEND DIAGNOSTIC leaves no result: all entries are those of a test that never ran. */
const selfTestResults: LogPageDefinition = {
  code: 0x10,
  parameters: () =>
    concat(...Array.from({ length: SELF_TESTS }, (_, at) => parameter(at + 1, ...new Array<number>(16).fill(0)))),
};

/** No exception is pending. */
const informationalExceptions: LogPageDefinition = {
  code: 0x2f,
  parameters: () => concat(parameter(0, 0, 0, NO_TEMPERATURE, 0)),
};

export const primaryLogPages: readonly LogPageDefinition[] = [
  supportedPages,
  temperature,
  startStopCycles,
  selfTestResults,
  informationalExceptions,
];
