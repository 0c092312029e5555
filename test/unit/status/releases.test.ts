import { describe, expect, it } from 'vitest';
import {
  compareReleases,
  judgeUpgrade,
  NEWEST_KNOWN,
  parseRelease,
  RELEASE_FACTS,
  releaseText,
} from '../../../src/findings/releases.ts';
import type { StatusSnapshot } from '../../../src/keycloak/read/status-parts.ts';
import { AUDIENCE_SCOPE, mapper, parts, seen, visible, withScopes } from './seen.ts';

const at = (version: string | undefined, more: Partial<StatusSnapshot> = {}) =>
  seen({ server: visible({ version, features: [], redirects: undefined }), ...more });
const judge = (version: string | undefined, to: string, more: Partial<StatusSnapshot> = {}) =>
  judgeUpgrade(at(version, more), parseRelease(to) ?? NEWEST_KNOWN, to);
const subjects = (upgrade: ReturnType<typeof judge>) =>
  upgrade.breakages.map(({ from, subject, severity }) => `${from} ${subject} ${severity}`);
const { token } = parts();

it('reads and compares releases', () => {
  expect(parseRelease('26.8')).toEqual([26, 8, Number.POSITIVE_INFINITY]);
  expect(parseRelease('26.8.2')).toEqual([26, 8, 2]);
  for (const wrong of ['', '26', 'v26.8', '26.8.2.1', '26.8 ', 'latest'])
    expect(parseRelease(wrong)).toBe(undefined);
  expect(compareReleases([26, 7, 4], [26, 8, 0])).toBeLessThan(0);
  expect(compareReleases([26, 8, Number.POSITIVE_INFINITY], [26, 8, 2])).toBeGreaterThan(0);
  expect(compareReleases([26, 8, 2], [26, 8, 2])).toBe(0);
});

it('the list is in order, and each fact is a sentence', () => {
  const order = RELEASE_FACTS.map(({ from }) => from);
  expect(order.toSorted(compareReleases)).toEqual(order);
  for (const { change, means } of RELEASE_FACTS)
    for (const text of [change, means]) expect(text).toMatch(/^[A-Za-z].{10,}\.$/);
});

describe('an upgrade', () => {
  it('to 26.8 shuts the account out of the admin API, and init is the fix', () => {
    const upgrade = judge('26.7.4', '26.8');
    expect(upgrade).toMatchObject({ now: '26.7.4', to: '26.8', beyond: false, unjudged: [] });
    expect(upgrade.breakages).toMatchObject([
      { from: '26.8.2', severity: 'error', fix: { kind: 'command', text: 'mcpkc init' } },
    ]);
  });

  it('to 26.8.1 does not yet', () => {
    expect(subjects(judge('26.7.4', '26.8.1'))).toEqual([]);
  });

  it('breaks nothing more where the token is for the admin API already', () => {
    expect(subjects(judge('26.8.1', '26.8', { token: { ...token, isForAdminApi: true } }))).toEqual([]);
  });

  it('of what this server has already nothing is said', () => {
    const { harmless, breakages } = judge('26.7.4', '26.8.0');
    expect([...harmless, ...breakages].map(({ from }) => from)).not.toContain('26.7.0');
    expect(judge('26.4.0', '26.8.0').harmless.map(({ from }) => from)).toContain('26.7.0');
  });

  it('where the version is not shown, everything up to the target is judged', () => {
    const upgrade = judge(undefined, '26.8');
    expect(upgrade.now).toBe(undefined);
    expect(upgrade.harmless.length + upgrade.breakages.length).toBe(RELEASE_FACTS.length);
  });

  it('takes roles that it must have later', () => {
    const roles = ['manage-clients', 'view-realm', 'view-events'];
    expect(subjects(judge('26.7.4', '26.8', { token: { ...token, roles } }))).toEqual([
      '26.8.0 mcpkc warning',
      '26.8.2 mcpkc error',
      '26.8.2 mcpkc error',
    ]);
    const reader = { ...token, roles: ['query-clients', 'view-users', 'manage-realm'] };
    expect(subjects(judge('26.7.4', '26.8.0', { token: reader }))).toEqual(['26.8.0 mcpkc error']);
  });

  it('a policy that rotates secrets rotates the account’s, too', () => {
    const clientPolicies = visible({
      policies: [
        { name: 'rotate', enabled: true, profiles: ['short'] },
        { name: 'asleep', enabled: false, profiles: ['short'] },
      ],
      profiles: [{ name: 'short', executors: [{ executor: 'secret-rotation', configuration: {} }] }],
    });
    expect(subjects(judge('26.7.4', '26.8.0', { clientPolicies }))).toEqual(['26.8.0 rotate warning']);
  });

  it('an audience by a client ends with that client', () => {
    const own = mapper('', { 'included.client.audience': 'svc' });
    const more = withScopes([{ ...AUDIENCE_SCOPE, mappers: [own] }]);
    expect(subjects(judge('26.7.4', '26.7.5', more))).toEqual(['26.7.5 mcp-resource warning']);
  });

  it('is not judged where the account does not see enough', () => {
    const clientPolicies = { visible: false, role: 'view-realm' } as const;
    expect(judge('26.7.4', '26.8.0', { clientPolicies }).unjudged).toMatchObject([
      { from: '26.8.0', role: 'view-realm' },
    ]);
  });

  it('beyond what is known says so', () => {
    expect(judge('26.7.4', '26.8').beyond).toBe(false);
    expect(judge('26.7.4', '26.9.0').beyond).toBe(true);
    expect(releaseText(NEWEST_KNOWN)).toBe('26.8.2');
  });
});
