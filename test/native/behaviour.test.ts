// One behaviour of the ring core after the other, with system calls held and failed, under both sanitizers.
import { buildPrograms, runProgram, type Outcome } from './run.js';

jest.setTimeout(120_000);

const BEHAVIOURS = [
  'gate_waits_for_what_executes',
  'failed_flush_is_handed_over_with_its_error',
  'writes_are_durable_when_they_have_to_be',
  'more_pieces_than_one_system_call_takes',
  'blocks_behind_the_files_end_are_handed_over_as_failed',
  'bidirectional_data_goes_both_ways',
  'slow_reads_go_on_side_by_side_while_the_ring_goes_on',
  'slow_data_is_what_the_medium_holds',
  'gate_waits_for_workers',
  'failures_of_workers_are_handed_over',
  'a_stop_waits_for_workers_and_writes_their_answers',
  'a_removed_device_ends_the_ring_when_workers_are_done',
  'fast_reads_go_back_to_the_ring',
  'a_ring_without_work_gets_its_thread_too',
  'a_ring_whose_thread_cannot_be_started_fails',
  'a_ring_may_end_while_it_begins',
  'a_stop_leaves_handed_over_commands_in_the_ring',
  'a_completion_before_the_stop_is_written',
  'completions_of_unknown_ids_change_nothing',
  'a_reset_under_an_attached_ring_fails_it',
  'a_removed_device_ends_the_ring',
  'a_vanished_mapping_fails_the_ring_only',
  'unusable_mappings_are_refused',
  'damaged_entries_do_no_harm',
];

describe.each(['tsan', 'asan'])('the ring core under %s', (sanitizer) => {
  let outcome: Outcome;

  beforeAll(() => {
    buildPrograms();
    outcome = runProgram(`behaviour-${sanitizer}`);
  });

  it.each(BEHAVIOURS)('%s', (behaviour) => {
    if (!outcome.output.includes(`holds: ${behaviour}\n`)) throw new Error(outcome.output);
  });

  it('shows nothing else, and the sanitizer finds nothing', () => {
    expect(outcome.output).toBe(
      [...BEHAVIOURS.map((name) => `holds: ${name}\n`), `behaviours=${BEHAVIOURS.length}\n`].join(''),
    );
    expect(outcome.code).toBe(0);
  });
});
