// Finds free TCP ports on the loopback address.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ControlPlaneError } from './errors.js';

const LOWEST = 20000;

/** The first port that the kernel gives to outgoing connections. */
function firstEphemeralPort(): number {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
  return first > LOWEST + 1000 ? first : 32768;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * `count` different ports that are free now.
 *
 * They lie below the ephemeral range: a client that reconnects to an API server that is away, at a port inside that
 * range, may be given this very port as its own and so connect to itself, after which the server can't come back.
 */
export async function freePorts(count: number): Promise<number[]> {
  const end = firstEphemeralPort();
  const found = new Set<number>();
  for (let attempt = 0; attempt < 1000 && found.size < count; attempt++) {
    const port = randomInt(LOWEST, end);
    if (!found.has(port) && (await isFree(port))) {
      found.add(port);
    }
  }
  if (found.size < count) {
    throw new ControlPlaneError('NO_FREE_PORT', `found no ${count} free ports between ${LOWEST} and ${end}`);
  }
  return [...found];
}
