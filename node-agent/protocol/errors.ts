// The errors of the protocol between agent and engine.

/** No connection to the engine, or it ended before the answer came: the call may or may not have had its effect. */
export class EngineUnavailable extends Error {
  readonly code = 'EngineUnavailable';
  constructor(socketPath: string, why: string, options?: ErrorOptions) {
    super(`the engine at ${socketPath} is not available: ${why}`, options);
  }
}

/** The peer speaks another version of the protocol; nothing was done. */
export class ProtocolMismatch extends Error {
  readonly code = 'ProtocolMismatch';
  constructor(
    readonly ours: number,
    readonly theirs: number,
  ) {
    super(
      `protocol version ${theirs} on the other side, ${ours} on this one: agent and engine must come from the same release`,
    );
  }
}

/** The engine refused the call or failed in it. */
export class EngineRequestFailed extends Error {
  readonly code = 'EngineRequestFailed';
}

/** JSON-RPC error code of ProtocolMismatch; its data is `{ours}`, the version of the answering side. */
export const PROTOCOL_MISMATCH_CODE = -32001;
