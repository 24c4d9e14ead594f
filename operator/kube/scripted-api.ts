// A stand-in for the API server in unit tests: a function that answers requests, and a record of them.
import type { Api, ApiRequest } from './client.js';

export interface ScriptedApi extends Api {
  readonly requests: ApiRequest[];
}

/** `answer` returns what the request is answered with, or throws what it is refused with. */
export function scriptedApi(answer: (request: ApiRequest) => unknown): ScriptedApi {
  const requests: ApiRequest[] = [];
  return {
    requests,
    request: <T>(request: ApiRequest) => {
      requests.push(request);
      return new Promise<T>((resolve) => resolve(answer(request) as T));
    },
    lines: () => {
      throw new Error('there is nothing to watch here');
    },
  };
}
