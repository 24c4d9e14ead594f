// What the API server refuses, as errors that callers can tell apart by reason.

/** `reason` of a Status object, or one of ours where there is no Status: `Unreachable` (no answer), `Unknown`. */
export type ApiErrorReason =
  | 'AlreadyExists'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'Invalid'
  | 'NotFound'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'Unavailable'
  | 'Unreachable'
  | 'Unknown';

const REASON_OF_CODE: Readonly<Record<number, ApiErrorReason>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
};

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly reason: ApiErrorReason,
    /** HTTP status, or 0 when there was no answer. */
    readonly code: number,
    message: string,
    /** What the server asked for (Retry-After), in milliseconds. */
    readonly retryAfterMilliseconds?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** True when the same request may succeed later without any change of ours. */
  get retryable(): boolean {
    return this.reason === 'Unreachable' || this.reason === 'Unavailable' || this.reason === 'TooManyRequests';
  }
}

/** Whether `error` is an ApiError with one of `reasons` (any, if none is given). */
export function isApiError(error: unknown, ...reasons: readonly ApiErrorReason[]): error is ApiError {
  return error instanceof ApiError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** The error for an answer with a status of 400 or more; `body` is a Status object when the API server made it. */
export function apiErrorOf(request: string, code: number, body: string, retryAfter?: string): ApiError {
  const status = parseStatus(body);
  const reason = reasonOf(code, status.reason);
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  return new ApiError(
    reason,
    code,
    `${request}: ${status.message ?? `HTTP ${code}`}`,
    Number.isFinite(seconds) ? seconds * 1000 : undefined,
  );
}

function reasonOf(code: number, given: string | undefined): ApiErrorReason {
  // 409 is either, and only the Status tells which.
  if (given === 'AlreadyExists') {
    return given;
  }
  // A mutation that the API server forwards as 500 with this reason is a time-out of its own.
  return REASON_OF_CODE[code] ?? (code >= 500 ? 'Unavailable' : 'Unknown');
}

function parseStatus(body: string): { reason?: string; message?: string } {
  try {
    const parsed = JSON.parse(body) as { kind?: unknown; reason?: unknown; message?: unknown } | null;
    return {
      ...(typeof parsed?.reason === 'string' ? { reason: parsed.reason } : {}),
      ...(typeof parsed?.message === 'string' && parsed.message !== '' ? { message: parsed.message } : {}),
    };
  } catch {
    return body === '' ? {} : { message: body.slice(0, 200) };
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
