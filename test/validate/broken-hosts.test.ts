import { expect, it } from 'vitest';
import { knob, knobNames } from '../support/hosts/broken.ts';
import { oneOfEach, testFaults } from './broken-host-cases.ts';

it('has a fault for every check that one breaks', () => {
  const broken = (names: readonly (typeof knobNames)[number][]) =>
    [...new Set(names.flatMap((name) => knob(name).breaks))].sort();
  expect(broken(oneOfEach)).toEqual(broken(knobNames));
});

testFaults(oneOfEach);
