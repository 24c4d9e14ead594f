// The test nodes themselves: what every other test on a real kernel takes for granted.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startNode, type NodeKernel, type TestNode } from '../env/node/index.js';
import { eventually } from '../env/stack/eventually.js';

const BOOT_MS = 240_000;
const TEST_MS = 180_000;
jest.setTimeout(TEST_MS);
const DIST = resolve(__dirname, '../../dist/test/env/node');

const folder = mkdtempSync(join(tmpdir(), 'scst-harness-'));
const controlSocket = join(folder, 'control');
const dataDisk = join(folder, 'data.img');
let server: Server;
let hostPort: number;

beforeAll(async () => {
  server = createServer((_, response) => response.end('from the host'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  hostPort = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function modulesLoad(node: () => TestNode): void {
  it('loads the target modules, which are not there before', async () => {
    expect(await node().sh('lsmod')).not.toMatch(/target_core|tcm_loop/);
    await node().sh('modprobe -a target_core_user tcm_loop');
    expect(await node().sh('lsmod')).toMatch(/^tcm_loop[^]*^target_core_user/m);
  });
}

function hostIsReachable(node: () => TestNode): void {
  it('reaches a server on the loopback of the host, and has no way to anywhere else', async () => {
    const fetched = `fetch('http://10.0.2.2:${hostPort}').then((r) => r.text()).then(console.log)`;
    expect(await node().sh(`${process.execPath} -e "${fetched}"`)).toBe('from the host\n');
    expect(await node().sh('ip route')).not.toContain('default');
  });
}

describe('a UML node', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startNode({ kernel: 'uml', name: 'alone', dataDisk, controlSocket, env: { COLOUR: 'a b' } });
  }, BOOT_MS);
  afterAll(() => node?.stop());

  it('runs kernel 6.1 under the name that it was given', async () => {
    expect(await node.sh('uname -rn')).toMatch(/^alone 6\.1\.\d+\n$/);
  });

  it('gives exit status, output and errors of a command', async () => {
    expect(await node.run('echo "$COLOUR"; echo bad >&2; exit 3')).toEqual({
      code: 3,
      stdout: 'a b\n',
      stderr: 'bad\n',
    });
    expect(await node.run('kill -9 $$')).toMatchObject({ code: 137 });
    await expect(node.sh('echo why; false')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining('why') as string,
    });
  });

  it('runs commands at the same time', async () => {
    await node.sh('mkfifo /tmp/there /tmp/back');
    const [first, second] = await Promise.all([
      node.sh('echo one >/tmp/there; cat /tmp/back'),
      node.sh('cat /tmp/there; echo two >/tmp/back'),
    ]);
    expect([first, second]).toEqual(['two\n', 'one\n']);
  });

  it('loses nothing of what many commands read and write at once', async () => {
    const inputs = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(40_000));
    expect(await Promise.all(inputs.map((input) => node.sh('cat', { input })))).toEqual(inputs);
  });

  it('reads and writes files, binary ones too, without the host noticing', async () => {
    const content = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const path = join(folder, 'new folder', "it's.bin");
    await node.write(path, content);
    expect(await node.read(path)).toEqual(content);
    expect(existsSync(path)).toBe(false);
    await expect(node.read('/nowhere')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  it('keeps a background command, tells its pid, and kills it', async () => {
    const command = await node.spawn('echo up; exec sleep 1000');
    expect(await node.sh(`cat /proc/${command.pid}/comm`)).toMatch(/sleep|sh/);
    await eventually(() => expect(command.output()).toBe('up\n'));
    command.kill('SIGKILL');
    expect(await command.exited).toBe(137);
  });

  it('kills a command that takes too long, with what it started', async () => {
    const late = node.run('sleep 4321 & echo before; wait', { timeoutMs: 3000 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('before') as string });
    await eventually(async () => expect(await node.run('pgrep -f "^sleep 4321"')).toMatchObject({ code: 1 }));
  });

  it('runs commands for other processes through its control socket', async () => {
    const exec = (...args: string[]): Promise<unknown> =>
      promisify(execFile)(process.execPath, [join(DIST, 'exec.js'), ...args]);
    expect(await exec(controlSocket, 'hostname')).toEqual({ stdout: 'alone\n', stderr: '' });
    await expect(exec(controlSocket, 'echo oh >&2; exit 7')).rejects.toMatchObject({ code: 7, stderr: 'oh\n' });
    await expect(exec(`${controlSocket}x`, 'true')).rejects.toMatchObject({ code: 255 });
  });

  hostIsReachable(() => node);
  modulesLoad(() => node);

  it('makes by-id links of a disk by udev', async () => {
    await node.sh('modprobe -a sd_mod scsi_debug');
    await eventually(async () => expect(await node.sh('ls /dev/disk/by-id')).toMatch(/^(scsi|wwn)-/m));
  });

  it('notices a complaint of the kernel, unless the test expects it', async () => {
    await node.assertCleanKernel();
    await node.sh('echo "<4>WARNING: made up" >/dev/kmsg');
    await expect(node.assertCleanKernel()).rejects.toMatchObject({
      code: 'KERNEL_COMPLAINT',
      message: expect.stringContaining('made up') as string,
    });
    await node.assertCleanKernel({ except: /made up/ });
  });

  it(
    'keeps what was synced over a power cut, and nothing else',
    async () => {
      await node.sh('echo kept >/var/lib/scst/file; sync /var/lib/scst/file; echo lost >/etc/lost');
      const running = await node.spawn('sleep 1000');
      await node.powerCut();
      await expect(running.exited).rejects.toMatchObject({ code: 'NODE_ENDED' });
      await expect(node.run('true')).rejects.toMatchObject({ code: 'NODE_ENDED' });
      await node.restart();
      expect(await node.sh('cat /var/lib/scst/file; ls /etc/lost 2>&1 || true')).toMatch(/^kept\nls: .*No such file/);
      // Sparse: a data disk costs what is in it.
      expect(statSync(dataDisk).blocks * 512).toBeLessThan(statSync(dataDisk).size / 4);
    },
    TEST_MS,
  );

  it('is powered off by a command in the guest', async () => {
    await node.powerOff();
    expect(await node.exited).toBe('exit status 0');
    expect(node.running).toBe(false);
  });
});

describe('a QEMU node', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startNode({ kernel: 'qemu', name: 'two-cpus', dataDisk: join(folder, 'qemu.img') });
  }, BOOT_MS);
  afterAll(() => node?.stop());

  it('runs kernel 6.12 on two CPUs', async () => {
    expect(await node.sh('uname -rn; nproc')).toMatch(/^two-cpus 6\.12\..*\n2\n$/);
  });

  it(
    'loses nothing of what many commands read and write at once',
    async () => {
      const inputs = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(40_000));
      expect(await Promise.all(inputs.map((input) => node.sh('cat', { input })))).toEqual(inputs);
    },
    TEST_MS,
  );

  hostIsReachable(() => node);
  modulesLoad(() => node);

  it(
    'keeps what was synced over a power cut',
    async () => {
      await node.sh('echo kept >/var/lib/scst/file; sync /var/lib/scst/file');
      await node.restart();
      expect(await node.sh('cat /var/lib/scst/file')).toBe('kept\n');
      await node.assertCleanKernel();
    },
    BOOT_MS,
  );

  it(
    'ends when its kernel panics, and boots again',
    async () => {
      await expect(node.sh('echo c >/proc/sysrq-trigger; sleep 60')).rejects.toMatchObject({ code: 'NODE_ENDED' });
      expect(node.running).toBe(false);
      expect(node.console()).toContain('Kernel panic');
      await node.restart();
      expect(await node.sh('cat /var/lib/scst/file')).toBe('kept\n');
    },
    BOOT_MS,
  );
});

describe('a node that is not to be', () => {
  const notOver = async (kernel: NodeKernel, broken: object): Promise<unknown> =>
    startNode({ kernel, name: 'broken', network: false, ...broken }).then((node) => node.stop());

  it('says what the console said when it cannot boot', async () => {
    await expect(notOver('uml', { modules: ['no_such_module'] })).rejects.toMatchObject({
      code: 'BOOT_FAILED',
      message: expect.stringContaining("can't load no_such_module") as string,
    });
  });

  it('is refused when the options make no sense', async () => {
    await expect(notOver('uml', { cpus: 2 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(notOver('uml', { name: 'a b' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it(
    'ends with the process that started it, even if that is killed',
    async () => {
      const script = `require(process.argv[1]).startNode({ kernel: 'uml', name: 'orphan', network: false }).then(() => console.log('up'))`;
      const owner = spawn(process.execPath, ['-e', script, join(DIST, 'index.js')], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((up) => owner.stdout.once('data', up));
      expect(processesNaming(folder)).not.toEqual([]);
      owner.kill('SIGKILL');
      await eventually(() => expect(processesNaming(folder)).toEqual([]));
    },
    TEST_MS,
  );
});

/** The host's processes whose arguments have `text` in them. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}
