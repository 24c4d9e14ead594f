// What reaches the API server of a stream of reports: the first and the newest, nothing twice, and nothing lost to a failure.
import { eventually } from '../../../test/env/stack/eventually.js';
import { StatusReporter } from './status-reporter.js';

/** One turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

class Server {
  readonly sent: number[] = [];
  readonly errors: unknown[] = [];
  failures = 0;
  readonly reporter = new StatusReporter<{ value: number }>({
    send: async ({ value }) => {
      await Promise.resolve();
      if (this.failures-- > 0) throw new Error('no answer');
      this.sent.push(value);
    },
    intervalMs: 5,
    maximumRetryMs: 20,
    onError: (error) => this.errors.push(error),
  });
  report(value: number): void {
    this.reporter.report({ value });
  }
  got(...values: number[]): Promise<void> {
    return eventually(() => expect(this.sent).toEqual(values));
  }
}

it('sends the first at once, and of those that come meanwhile the newest only', async () => {
  const server = new Server();
  for (const value of [1, 2, 3]) server.report(value);
  await server.got(1, 3);
  await server.reporter.stop();
  expect(server.reporter.lastSent).toEqual({ value: 3 });
});

it('sends nothing that was sent already, until its object was made again', async () => {
  const server = new Server();
  server.report(1);
  await server.got(1);
  server.report(1);
  await server.reporter.stop();
  expect(server.sent).toEqual([1]);
  const other = new Server();
  other.report(1);
  await other.got(1);
  other.reporter.invalidate();
  other.report(1);
  await other.got(1, 1);
  await other.reporter.stop();
});

it('tries again after a failure, then with what is newest', async () => {
  const server = new Server();
  server.failures = 2;
  server.report(1);
  server.report(2);
  await server.got(2);
  expect(server.errors).toHaveLength(2);
  await server.reporter.stop();
});

it('loses no report, whenever it comes', async () => {
  const server = new Server();
  for (let value = 1; value <= 50; value += 1) {
    server.report(value);
    while (server.reporter.lastSent?.value !== value) await turn();
    // Any number of turns of the event loop later, up to and beyond the end of the pause.
    for (let at = 0; at < value; at += 1) await turn();
  }
  await server.reporter.stop();
  expect(server.sent).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
});

it('sends nothing after the stop', async () => {
  const server = new Server();
  await server.reporter.stop();
  server.report(1);
  await turn();
  expect(server.sent).toEqual([]);
});
