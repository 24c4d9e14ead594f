// Unit attention conditions per I_T nexus.
import { addNexus, ATTENTION, flagsOf, nexusLoss, raiseAttention, replaceMedium, resetLogicalUnit } from '../index.js';
import {
  disk64,
  diskWithTwoNexuses,
  hex,
  ModelMedium,
  nexus,
  outcome,
  type DiskFixture,
} from '../testing/disk-fixture.js';

const TEST_UNIT_READY = '00 00 00 00 00 00';
const INQUIRY = '12 00 00 00 ff 00';
const REPORT_LUNS = 'a0 00 00 00 00 00 00 00 00 ff 00 00';
const REQUEST_SENSE = '03 00 00 00 ff 00';

const next = async (fixture: DiskFixture, on = 's1') => outcome(await fixture.run(TEST_UNIT_READY, { on }));

describe('disk-16: the power-on unit attention', () => {
  it('passes INQUIRY and REPORT LUNS, is delivered once, and is not consumed by another nexus', async () => {
    const fixture = disk64();
    addNexus(fixture.unit, nexus('s1'));
    addNexus(fixture.unit, nexus('s2'));
    expect(outcome(await fixture.run(INQUIRY))).toBe('GOOD');
    expect(outcome(await fixture.run(REPORT_LUNS))).toBe('GOOD');
    expect(flagsOf(fixture.unit, 's1').unitAttention).toBe(true);
    expect(await next(fixture)).toBe('06/29/00');
    expect(flagsOf(fixture.unit, 's1').unitAttention).toBe(false);
    expect(await next(fixture)).toBe('GOOD');
    expect(await next(fixture, 's2')).toBe('06/29/00');
  });

  it('is data of a REQUEST SENSE that comes first, and thereby cleared', async () => {
    const fixture = disk64();
    addNexus(fixture.unit, nexus('s1'));
    const result = await fixture.run(REQUEST_SENSE);
    expect(result.status).toBe(0);
    expect(hex(result.data)).toBe('70000600000000' + '0a00000000' + '2900' + '00000000');
    expect(await next(fixture)).toBe('GOOD');
  });

  it('comes before the answer to a command that is not known', async () => {
    const fixture = disk64();
    addNexus(fixture.unit, nexus('s1'));
    expect(outcome(await fixture.run('c7 00 00 00 00 00 00 00 00 00'))).toBe('06/29/00');
    expect(outcome(await fixture.run('c7 00 00 00 00 00 00 00 00 00'))).toBe('05/20/00');
  });
});

describe('REQUEST SENSE', () => {
  it('says NO SENSE when nothing is pending, in the format that it is asked for and cut to the allocation length', async () => {
    const fixture = diskWithTwoNexuses();
    expect(hex((await fixture.run(REQUEST_SENSE)).data)).toBe('700000000000000a' + '00'.repeat(10));
    expect(hex((await fixture.run('03 01 00 00 ff 00')).data)).toBe('7200000000000000');
    expect((await fixture.run('03 00 00 00 08 00')).data).toHaveLength(8);
  });

  it('says what is missing while the unit has no medium', async () => {
    const fixture = diskWithTwoNexuses();
    replaceMedium(fixture.unit, undefined);
    expect(await next(fixture)).toBe('02/04/03');
    const { data } = await fixture.run(REQUEST_SENSE);
    expect([data?.[2], data?.[12]]).toEqual([0x02, 0x04]);
    expect(flagsOf(fixture.unit, 's1').notReady).toBe(true);
  });
});

describe('the queue', () => {
  it('delivers in the order of events, each once', async () => {
    const fixture = diskWithTwoNexuses();
    raiseAttention(fixture.unit, ATTENTION.capacityChanged);
    raiseAttention(fixture.unit, ATTENTION.inquiryDataChanged);
    raiseAttention(fixture.unit, ATTENTION.capacityChanged);
    expect([await next(fixture), await next(fixture), await next(fixture)]).toEqual(['06/2a/09', '06/3f/03', 'GOOD']);
  });

  it('spares the nexus that caused the event', async () => {
    const fixture = diskWithTwoNexuses();
    raiseAttention(fixture.unit, ATTENTION.modeParametersChanged, 's1');
    expect([await next(fixture), await next(fixture, 's2')]).toEqual(['GOOD', '06/2a/01']);
  });

  it('puts a reset first and lets it cover further resets', async () => {
    const fixture = diskWithTwoNexuses();
    raiseAttention(fixture.unit, ATTENTION.capacityChanged);
    resetLogicalUnit(fixture.unit, undefined);
    nexusLoss(fixture.unit, 's1');
    expect([await next(fixture), await next(fixture), await next(fixture)]).toEqual(['06/29/03', '06/2a/09', 'GOOD']);
  });
});

describe('events', () => {
  it('disk-05: a grown medium is announced to every nexus and has its new capacity', async () => {
    const fixture = diskWithTwoNexuses();
    replaceMedium(fixture.unit, new ModelMedium(512, 128n));
    expect([await next(fixture), await next(fixture, 's2')]).toEqual(['06/2a/09', '06/2a/09']);
    expect(hex((await fixture.run('25 00 00 00 00 00 00 00 00 00')).data)).toBe('0000007f00000200');
  });

  it('announces nothing when a medium of the same capacity takes over', async () => {
    const fixture = diskWithTwoNexuses();
    replaceMedium(fixture.unit, new ModelMedium(512, 64n));
    expect(await next(fixture)).toBe('GOOD');
  });

  it('tells a nexus what differs when it is added again', async () => {
    const fixture = diskWithTwoNexuses();
    addNexus(fixture.unit, nexus('s1', { readOnly: true, scsiTransportVersion: 0x0960 }));
    addNexus(fixture.unit, nexus('s2'));
    expect([await next(fixture), await next(fixture), await next(fixture)]).toEqual(['06/2a/01', '06/3f/03', 'GOOD']);
    expect(await next(fixture, 's2')).toBe('GOOD');
  });
});
