// What the node's kernel lacks: loaded in one go, or told with what a person can do.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureKernel, MODULES } from './modules.js';

let sys: string;
let commands: string[][];
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'scst-modules-'));
  mkdirSync(join(sys, 'kernel/config/target'), { recursive: true });
  writeFileSync(join(sys, 'mounts'), `configfs ${sys}/kernel/config configfs rw 0 0\n`);
  commands = [];
});
afterEach(() => rmSync(sys, { recursive: true }));

/** modprobe that can load some of the modules. */
const ensure = (loadable: readonly string[], stderr = '') =>
  ensureKernel({
    sys,
    mounts: join(sys, 'mounts'),
    execute: (command, args) => {
      commands.push([command, ...args]);
      for (const { name, evidence } of MODULES)
        if (args.includes(name) && loadable.includes(name)) mkdirSync(join(sys, evidence), { recursive: true });
      const all = args.slice(1).every((name) => loadable.includes(name));
      return all ? Promise.resolve() : Promise.reject(Object.assign(new Error('exit code 1'), { stderr }));
    },
  });
const names = MODULES.map(({ name }) => name);

it('loads all that is missing by one process, and nothing the next time', async () => {
  mkdirSync(join(sys, MODULES[0]?.evidence ?? ''), { recursive: true });
  await ensure(names);
  await ensure(names);
  expect(commands).toEqual([['modprobe', '-a', ...names.slice(1)]]);
});

it.each(names)('tells that %s is missing, and what to do', async (name) => {
  const lacking = ensure(
    names.filter((other) => other !== name),
    `FATAL: Module ${name} not found\n`,
  );
  await expect(lacking).rejects.toMatchObject({
    code: 'ModuleMissing',
    message: expect.stringMatching(
      new RegExp(`the kernel module ${name} can't be loaded: FATAL: Module ${name} not found\\. .*linux-modules-extra`),
    ) as string,
  });
});

it('tells where there is no modprobe, which says nothing of the module', async () => {
  const execute = () => Promise.reject(Object.assign(new Error('spawn modprobe ENOENT'), { code: 'ENOENT' }));
  await expect(ensureKernel({ sys, mounts: join(sys, 'mounts'), execute })).rejects.toMatchObject({
    code: 'ModuleMissing',
    message: expect.stringMatching(
      /the kernel module target_core_mod isn't loaded, and there is no modprobe here.* install kmod/,
    ) as string,
  });
});

it('takes what is there for loaded, whatever modprobe says of it', async () => {
  await ensureKernel({
    sys,
    mounts: join(sys, 'mounts'),
    execute: () => {
      for (const { evidence } of MODULES) mkdirSync(join(sys, evidence), { recursive: true });
      return Promise.reject(new Error('one of them complains'));
    },
  });
});
