import { describe, expect, test } from 'vitest';
import type { SeenNewcomer } from '../../../src/commands/onboard/holding.ts';
import type { Onboarding } from '../../../src/commands/onboard/onboarding.ts';
import { watch } from '../../../src/commands/onboard/watch.ts';
import { McpkcError } from '../../../src/errors.ts';
import type { Arrival, Newcomers } from '../../../src/keycloak/watch/newcomers.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { client } from '../clients/captured.ts';

const chatgpt = (id: string, changes: object = {}) =>
  ({ ...client('chatgpt'), id, clientId: id, ...changes }) as Client;
const A = '11111111-1111-4111-8111-111111111111';

/** A run whose looks bring what is listed; after the list, nothing. It has no Keycloak to write to. */
function staged(looks: (Partial<Arrival> | Error)[]) {
  const io = memoryIo();
  const said: string[] = [];
  const run = {
    io,
    voice: { note: (text: string) => said.push(text), progress: () => {} },
    signal: new AbortController().signal,
    presets: resolvePresets(['chatgpt']),
    timeline: [],
    changes: [],
  } as unknown as Onboarding;
  const counts = { looks: 0 };
  const newcomers = {
    look: async () => {
      const next = looks[counts.looks];
      counts.looks += 1;
      if (next instanceof Error) throw next;
      return { newcomers: [], refusals: [], requests: 1, ...next };
    },
  } as unknown as Newcomers;
  const seen: SeenNewcomer = { held: [], others: [] };
  const until = (ms: number) =>
    watch(run, newcomers, 'scope', seen, {
      until: 'registered',
      user: undefined,
      deadline: io.now() + ms,
    });
  return { io, said, counts, seen, until };
}

const down = new McpkcError('KEYCLOAK_UNREACHABLE', 'Keycloak is away.', '');

describe('pace', () => {
  test('four requests a second while nobody comes; ends with its time', async () => {
    const { io, counts, until } = staged([]);
    const begun = io.now();
    expect(await until(60_100)).toEqual([]);
    expect(io.now() - begun).toBe(60_100);
    // One look more, when the time is up.
    expect(counts.looks).toBeLessThanOrEqual(242);
    expect(counts.looks).toBeGreaterThan(200);
  });

  test('a look that took many requests is paid for, but for five seconds at most', async () => {
    const { io, until } = staged([{ requests: 8 }, { requests: 1000 }]);
    await until(20_000);
    expect(io.slept.slice(0, 3)).toEqual([2000, 5000, 250]);
  });
});

test('a Keycloak that is away is waited for, and said once', async () => {
  const { said, until } = staged([down, down, down, {}]);
  await until(5000);
  expect(said.filter((line) => line.includes('Waiting for it'))).toHaveLength(1);
  expect(said.filter((line) => line.includes('answers again'))).toHaveLength(1);
});

test('any other failure ends it', async () => {
  const { until } = staged([new McpkcError('ROLE_MISSING', 'no role', '')]);
  await expect(until(5000)).rejects.toThrow('no role');
});

test('who is not adoptable is told with the reason, and keeps nobody from being waited for', async () => {
  const other = chatgpt(A, { redirectUris: ['https://chatgpt.com/else'] });
  const { said, seen, until } = staged([{ newcomers: [{ client: other, address: '203.0.113.7' }] }]);
  expect(await until(5000)).toEqual([]);
  expect(seen.others).toMatchObject([{ client: { id: A }, adoptable: false }]);
  expect(said.join('\n')).toMatch(
    /Not adopted: .*from 203\.0\.113\.7, redirects to https:\/\/chatgpt\.com\/else/,
  );
});

test('refusals are told with policy, address and what to do; an unknown policy by its name', async () => {
  const refusals = [
    { policy: 'Trusted Hosts', detail: '', address: '203.0.113.7' },
    { policy: 'constructor', detail: '', address: '' },
    { policy: '', detail: 'Invalid redirectUris', address: '' },
  ];
  const { said, until } = staged([{ refusals }]);
  await until(1000);
  expect(said.join('\n')).toContain(
    "from 203.0.113.7 was refused, by the policy 'Trusted Hosts': a redirect URI",
  );
  expect(said.join('\n')).toContain("from an unknown address was refused, by the policy 'constructor'.");
  expect(said.join('\n')).toContain(
    'was refused by a client policy (Invalid redirectUris). mcpkc’s own lets in',
  );
});
