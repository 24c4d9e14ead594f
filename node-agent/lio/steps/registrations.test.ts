// What the kernel kept of registrations, as it writes it, given back as it wants it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseKept, restoreRegistrations } from './registrations.js';

const kept = (number: number, key: number) => `PR_REG_START: ${number}
initiator_fabric=loopback
initiator_node=naa.35c5800000000001
sa_res_key=${key}
res_holder=1
res_type=03
res_scope=00
res_all_tg_pt=0
mapped_lun=0
target_fabric=loopback
target_node=naa.35c5800000000002
tpgt=0
port_rtpi=0
target_lun=0
PR_REG_END: ${number}
`;

describe('registrations that the kernel kept', () => {
  let root: string;
  const metadata = () => join(root, 'res_aptpl_metadata');
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'scst-aptpl-'));
    writeFileSync(join(root, 'dbroot'), `${root}/var\n`);
    writeFileSync(metadata(), '');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are one line each, and one that was cut off is none', () => {
    const whole = kept(0, 1) + kept(1, 18446744073709551615);
    expect(parseKept(whole)).toHaveLength(2);
    expect(parseKept(whole)[0]).toMatch(
      /^initiator_fabric=loopback,initiator_node=naa\S+,sa_res_key=1,.*,target_lun=0$/,
    );
    expect(parseKept(whole.slice(0, -5))).toHaveLength(1);
    expect(parseKept('No Registrations or Reservations\n')).toEqual([]);
    expect(parseKept('')).toEqual([]);
  });

  it('are written to the backstore; where there are none, there is a place for them', async () => {
    await restoreRegistrations(root, metadata(), '0123456789abcdef');
    expect(readFileSync(metadata(), 'utf8')).toBe('');
    expect(statSync(join(root, 'var/pr')).mode & 0o777).toBe(0o700);
    writeFileSync(join(root, 'var/pr/aptpl_0123456789abcdef'), kept(0, 7));
    await restoreRegistrations(root, metadata(), '0123456789abcdef');
    expect(readFileSync(metadata(), 'utf8')).toContain('sa_res_key=7,');
  });

  it('are not passed over when they can’t be read or taken', async () => {
    mkdirSync(join(root, 'var/pr/aptpl_1'), { recursive: true });
    await expect(restoreRegistrations(root, metadata(), '1')).rejects.toThrow('EISDIR');
    writeFileSync(join(root, 'var/pr/aptpl_2'), kept(0, 7));
    rmSync(metadata());
    await expect(restoreRegistrations(root, metadata(), '2')).rejects.toThrow('ENOENT');
  });
});
