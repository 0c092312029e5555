import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runCase, undisturbed } from '../faults/case.ts';
import { FAULTS } from '../faults/faults.ts';
import { type FaultProxy, nameOf, startFaultProxy } from '../faults/proxy.ts';
import type { Row } from '../faults/row.ts';
import { makeRows } from '../faults/rows.ts';
import { since } from '../support/keycloak/version.ts';

const ROWS = makeRows();
/** Before 26.7 a role counts until the token that names it is renewed. */
const SAMPLED = since(26, 7, 0) ? FAULTS : FAULTS.filter(({ name }) => name !== 'roles withdrawn');
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = await startFaultProxy(inject('keycloak').url);
});

afterAll(() => proxy.close());

/** A fixed part of what `npm run suite -- faults` runs whole: each fault once, spread over the requests of these rows. */
const SAMPLE = ['create-scope: from nothing', 'trusted-hosts: --add'];

const rowNamed = (name: string): Row => {
  const found = ROWS.find((row) => `${row.command}: ${row.name}` === name);
  if (!found) throw new Error(`There is no row ${name}.`);
  return found;
};

describe.each(SAMPLE)('%s', (name) => {
  it('ends as it should after any fault', async () => {
    const server = inject('keycloak');
    const row = rowNamed(name);
    const whole = await undisturbed({ server, proxy }, row);
    const wrong: string[] = [];
    for (const [index, fault] of SAMPLED.entries()) {
      const fitting = whole.positions.filter((position) => fault.fits(position, row));
      const position = fitting[(index * 7 + 3) % fitting.length];
      if (!position) continue;
      const verdict = await runCase({ server, proxy }, row, whole, position, fault);
      if (!verdict.hit) wrong.push(`${fault.name} at ${nameOf(position)}: it did not happen`);
      wrong.push(...verdict.wrong.map((line) => `${fault.name} at ${nameOf(position)}: ${line}`));
    }
    expect(wrong).toEqual([]);
  }, 600_000);
});
