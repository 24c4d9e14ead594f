// The tree below /dev/scst: exactly the links that are wanted, and nothing of others touched.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { linkPath, linksOf, syncLinks } from './links.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'scst-links-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const place = { target: 'tgt', session: 'host', lun: 3 };

/** Every link below a directory, by its path there. */
function tree(directory = root, prefix = ''): Record<string, string> {
  const entries = readdirSync(directory, { withFileTypes: true });
  return Object.assign(
    {},
    ...entries.map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory()
        ? tree(path, `${prefix}${entry.name}/`)
        : { [prefix + entry.name]: readlinkSync(path) };
    }),
  ) as Record<string, string>;
}

it('names the block device, and beside it sg and bsg, as far as they are there', () => {
  expect([...linksOf('/dev/scst', place, { hctl: '1:0:0:3', block: 'sda', sg: 'sg0', bsg: '1:0:0:3' })]).toEqual([
    ['/dev/scst/tgt/host/lun3', '/dev/sda'],
    ['/dev/scst/tgt/host/lun3.sg', '/dev/sg0'],
    ['/dev/scst/tgt/host/lun3.bsg', '/dev/bsg/1:0:0:3'],
  ]);
  expect([...linksOf('/dev/scst', place, { hctl: '1:0:0:3', sg: 'sg0' }).keys()]).toEqual([
    '/dev/scst/tgt/host/lun3.sg',
  ]);
});

it.each(['', '.', '..', 'a/b', '../../etc', 'a\0b'])('refuses the name %j, which would lead elsewhere', (name) => {
  expect(() => linkPath('/dev/scst', { ...place, target: name })).toThrow("can't be a directory below /dev/scst");
  expect(() => linkPath('/dev/scst', { ...place, session: name })).toThrow("can't be a directory below /dev/scst");
});

it('is exactly what is wanted, whatever was there before', async () => {
  const names = fc.constantFrom('a/x/lun0', 'a/x/lun1', 'a/y/lun0', 'b/x/lun0', 'b/x/lun0.sg');
  const links = fc.dictionary(names, fc.constantFrom('/dev/sda', '/dev/sdb', '/dev/sg0'));
  await fc.assert(
    fc.asyncProperty(links, links, async (before, wanted) => {
      for (const state of [before, wanted]) {
        await syncLinks(root, new Map(Object.entries(state).map(([name, target]) => [join(root, name), target])));
        expect(tree()).toEqual(state);
      }
      const directories = new Set(Object.keys(wanted).map((name) => name.split('/')[0]));
      expect(new Set(readdirSync(root))).toEqual(directories);
    }),
    { numRuns: 50 },
  );
});

it('writes nothing where nothing differs, finishes what a kill left, and removes nothing but links', async () => {
  const path = join(root, 'tgt/host/lun0');
  await syncLinks(root, new Map([[path, '/dev/sda']]));
  const { ino } = lstatSync(path);
  symlinkSync('/dev/sdx', `${path}.new`);
  mkdirSync(join(root, 'mine'));
  writeFileSync(join(root, 'mine/file'), '');
  await syncLinks(root, new Map([[path, '/dev/sda']]));
  expect(lstatSync(path).ino).toBe(ino);
  expect(readdirSync(join(root, 'tgt/host'))).toEqual(['lun0']);
  await syncLinks(root, new Map([[path, '/dev/sdb']]));
  expect(readlinkSync(path)).toBe('/dev/sdb');
  await syncLinks(root, new Map());
  expect(readdirSync(root)).toEqual(['mine']);
});
