import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/index.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { boxChecks, boxFindings } from '../../src/commands/runbook/boxes.ts';
import { GROUPS } from '../../src/findings/index.ts';
import { WORKING_ROLES } from '../../src/realm/roles.ts';
import { makeRows } from '../faults/rows.ts';
import { NEEDED_BY } from '../keycloak/needed-roles.ts';
import { ALWAYS, ON_OTHER_SERVERS, STAGES } from '../keycloak/status/stages.ts';
import { knob, knobNames } from '../support/hosts/broken.ts';
import { front, standing } from '../validate/realm-faults.ts';

/* The tables that the tests on a Keycloak run over are complete: what is missing in one would be tested by nothing. */

const CODES = GROUPS.flatMap(({ rules }) => rules.map(({ code }) => code));

it('every code of a finding is staged, and stands in one list', () => {
  const staged = [...STAGES.map(({ code }) => code), ...ALWAYS, ...ON_OTHER_SERVERS];
  expect(staged.sort()).toEqual([...CODES].sort());
});

it('every check has a case in which exactly it fails', () => {
  const alone = [...standing, ...front]
    .map(({ breaks }) => breaks)
    .concat(knobNames.map((name) => [...knob(name).breaks]));
  const shown = new Set(alone.filter((breaks) => breaks.length === 1).flat());
  // Standing on its own in every realm whose self-registered clients get audience tokens: see `anyway`.
  shown.add('TOK-USERLESS');
  // Takes a server that demands scopes: see broken-realms.test.ts.
  shown.add('MCP-SCOPES');
  // Where a bad token is not refused, somebody else’s is not either.
  shown.add('CHAL-BAD-TOKEN');
  // A note: what it is about breaks AUTHZ-SCOPES.
  shown.add('ASM-CIMD');
  // Not judged at a loopback address: see registration-paths.test.ts.
  shown.add('REG-PATHS');
  expect(CHECKS.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
});

it('every command has a row in the fault suite, and every row a command', () => {
  const rows = [...new Set(makeRows().map(({ command }) => command))];
  expect(rows.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

it('every role of the account is needed by a command', () => {
  expect(NEEDED_BY.map(([role]) => role).sort()).toEqual([...WORKING_ROLES].sort());
});

describe('the boxes of the runbook', () => {
  it('are about checks and findings that there are', () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(boxChecks().filter((id) => !ids.includes(id))).toEqual([]);
    expect(boxFindings().filter((code) => !CODES.includes(code))).toEqual([]);
  });

  it('know every finding that can stop a connector, but for those about the account and the upkeep', () => {
    const known = boxFindings();
    const rules = GROUPS.flatMap((group) => group.rules).filter(({ severity }) => severity !== 'info');
    const without = rules.map(({ code }) => code).filter((code) => !known.includes(code));
    expect(without.filter((code) => !/^(ACCOUNT_|EVENTS_|PRUNED_|KEPT_|RECORD_)/.test(code))).toEqual([]);
  });
});
