// A disk that changes hands stays claimed until it has, however long the engine takes.
import type { EngineStatus } from '../protocol/types.js';
import { HBA } from '../lio/index.js';
import type { KernelLun } from './desire.js';
import { BACKSTORE, engine, uid, unit } from './fixtures.js';
import { Replacing } from './replacing.js';

const HCTL = '2:0:0:0';
const pending = [{ backstore: BACKSTORE, device: uid('e'), name: 'other', sameData: false }];
const linked: KernelLun[] = [
  { backstore: BACKSTORE, hba: HBA, sessionUid: uid('b'), lunUid: uid('c'), wwn: 'naa.1', hctl: HCTL },
];
const ring = { hba: HBA, backstore: BACKSTORE, state: 'Attached' } as const;
const unitOf = (digit: string, rings: (typeof ring)[]) => unit({ uid: uid(digit), state: 'Ready', size: 4096, rings });
const before = engine(unitOf('d', [ring]), unitOf('e', []));
const underWay = engine(unitOf('d', [ring]), unitOf('e', [ring]));
const done = engine(unitOf('d', []), unitOf('e', [ring]));

let claims: string[];
let replacing: Replacing;
let status: EngineStatus | undefined;

/** One pass in which the engine answers so to its being told. */
function serve(answer: EngineStatus | undefined, wished = pending): Promise<unknown> {
  return replacing.serve(
    wished,
    linked,
    () => Promise.resolve(),
    (held) => Promise.resolve(held.has(BACKSTORE) ? status : answer),
  );
}

beforeEach(() => {
  claims = [];
  status = before;
  replacing = new Replacing({
    claim: (hctl) => {
      if (claims.includes(hctl)) throw new Error(`${hctl} is claimed already`);
      claims.push(hctl);
      return Promise.resolve({ allowed: true, release: () => Promise.resolve(void claims.splice(0)) });
    },
    engineStatus: () => Promise.resolve(status),
  });
});

it('is free again when the engine has done it at once', async () => {
  await serve(done);
  expect(claims).toEqual([]);
});

it('stays claimed while the engine is at it, over passes, and is free when it is done', async () => {
  await serve(underWay);
  expect(claims).toEqual([HCTL]);
  status = underWay;
  await serve(underWay);
  expect(claims).toEqual([HCTL]);
  status = done;
  await serve(done, []);
  expect(claims).toEqual([]);
});

it('stays claimed while nobody knows what the engine has done', async () => {
  await serve(undefined);
  expect(claims).toEqual([HCTL]);
  status = undefined;
  await serve(undefined);
  expect(claims).toEqual([HCTL]);
  status = before;
  await serve(done);
  expect(claims).toEqual([]);
});

it('is free again when it is no longer to change hands, and when the engine refuses', async () => {
  await serve(underWay);
  await serve(before, []);
  expect(claims).toEqual([]);
  await serve(before);
  expect(claims).toEqual([]);
});
