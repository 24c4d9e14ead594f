// The processors that this process may use.
import { allowedProcessors } from './processors.js';

it.each([
  ['0', [0]],
  ['0-1', [0, 1]],
  ['0-2,8,10-11', [0, 1, 2, 8, 10, 11]],
])('takes the list %s as the kernel means it', (list, processors) => {
  expect(allowedProcessors(`Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`)).toEqual(
    processors,
  );
});
