// Steps are done a few slow ones at a time, session by session, and the HBA goes last.
import { HBA } from '../naming.js';
import { firstSteps } from './pace.js';
import type { Step } from './steps.js';

const A = 'naa.35c58aaaaaaaaaaa';
const B = 'naa.35c58bbbbbbbbbbb';
const createLun = (wwn: string, lun: number): Step => ({ kind: 'createLun', wwn, lun });
const link = (wwn: string, lun: number): Step => ({ kind: 'link', wwn, lun, link: `b${lun}`, backstore: `b${lun}` });
const removeHba: Step = { kind: 'removeHba', hba: HBA };

it('takes everything where there is little to do', () => {
  const steps = [createLun(A, 0), link(A, 0), createLun(B, 0), link(B, 0), removeHba];
  expect(firstSteps(steps, 1)).toEqual({ steps, cut: false });
});

it('stops each session behind its last slow step, and leaves the HBA', () => {
  const steps = [createLun(A, 0), link(A, 0), createLun(A, 1), link(A, 1), createLun(B, 0), link(B, 0), removeHba];
  expect(firstSteps(steps, 1)).toEqual({
    steps: [createLun(A, 0), link(A, 0), createLun(B, 0), link(B, 0)],
    cut: true,
  });
});
