// What probes and scrapers get.
import { Counter, Registry } from 'prom-client';
import { HttpServer } from './http-server.js';

const registry = new Registry();
new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3);
let reasons: string[];
let server: HttpServer;

beforeEach(async () => {
  reasons = [];
  server = await HttpServer.start({ port: 0, host: '127.0.0.1', registry, notReady: () => reasons });
});
afterEach(() => server.stop());

async function get(path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [response.status, await response.text()];
}

describe('HttpServer', () => {
  it('is healthy, and ready only without a reason against it', async () => {
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    reasons = ['nodes: not listed yet', 'CRD missing'];
    expect(await get('/readyz')).toEqual([503, 'nodes: not listed yet\nCRD missing\n']);
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
  });

  it('serves the metrics', async () => {
    expect((await get('/metrics'))[1]).toContain('things_total 3');
  });

  it('serves nothing else', async () => {
    expect((await get('/'))[0]).toBe(404);
  });

  it('says when the port is taken', async () => {
    const again = HttpServer.start({ port: server.port, host: '127.0.0.1', registry, notReady: () => [] });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
