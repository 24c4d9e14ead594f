// Persistent reservations after any sequence of commands: what must hold whoever asks for whatever.
import fc from 'fast-check';
import { flagsOf, snapshot } from '../../index.js';
import { isAllRegistrants, restoredReservations, storedReservations } from './state.js';
import { ReservationFixture, SERVICE_ACTION } from './testing.js';

const KEYS = [0n, 0xan, 0xbn];
const ACTIONS = Object.keys(SERVICE_ACTION).filter(
  (name) => name !== 'registerAndMove',
) as (keyof typeof SERVICE_ACTION)[];
const WRITE = '2a 00 00 00 00 00 00 00 01 00';
const READ = '28 00 00 00 00 00 00 00 01 00';

const commands = fc.array(
  fc.record({
    on: fc.constantFrom('s1', 's2', 's3'),
    action: fc.constantFrom(...ACTIONS),
    key: fc.constantFrom(...KEYS),
    actionKey: fc.constantFrom(...KEYS),
    type: fc.constantFrom(1, 3, 5, 6, 7, 8),
    flags: fc.constantFrom(0, 0x01, 0x04),
  }),
  { maxLength: 40 },
);

it('a reservation has a registered holder, a conflict changes nothing, and flags agree with the dispatch', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const pr = new ReservationFixture();
      const { unit } = pr.disk;
      for (const { on, action, ...request } of sequence) {
        const before = unit.persistentReservations;
        const result = await pr.out(on, action, request);
        const { reservation, registrations, generation } = unit.persistentReservations;
        if (result !== 'GOOD') expect(unit.persistentReservations).toBe(before);
        expect(generation).toBeGreaterThanOrEqual(before.generation);
        if (reservation && isAllRegistrants(reservation.type)) expect(registrations.size).toBeGreaterThan(0);
        else if (reservation) expect(registrations.has(reservation.holder ?? '')).toBe(true);
        for (const { key } of registrations.values()) expect(key).not.toBe(0n);
      }
      for (const nexus of unit.nexuses.values()) nexus.attentions.splice(0);
      for (const on of ['s1', 's2', 's3']) {
        const { writeBlocked, accessBlocked } = flagsOf(unit, on);
        expect((await pr.run(on, WRITE, new Uint8Array(512))) === 'CONFLICT').toBe(writeBlocked);
        expect((await pr.run(on, READ)) === 'CONFLICT').toBe(accessBlocked);
      }
      const state = unit.persistentReservations;
      expect(restoredReservations(storedReservations(state))).toEqual(state);
      expect(snapshot(unit).persistentReservations).toEqual(storedReservations(state));
    }),
    { numRuns: 300 },
  );
});
