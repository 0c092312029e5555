import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/commands/onboard/run.ts';
import { watch } from '../../../src/commands/onboard/watch.ts';
import type { Window } from '../../../src/commands/onboard/window.ts';
import { McpkcError } from '../../../src/errors.ts';
import type { Arrival } from '../../../src/keycloak/watch/newcomers.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { client } from '../clients/captured.ts';

const chatgpt = (id: string) => ({ ...client('chatgpt'), id, clientId: id }) as Client;
const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';

/** A run, and a window whose looks bring what is listed; after the list, nothing. */
function staged(looks: (Partial<Arrival> | Error)[], sessions: string[] = []) {
  const io = memoryIo();
  const said: string[] = [];
  const keycloak = {
    realm: 'r',
    read: async () => sessions.map((id) => ({ id, active: '1', offline: '0' })),
  };
  const run = {
    io,
    keycloak,
    voice: { note: (text: string) => said.push(text) },
    signal: new AbortController().signal,
    presets: resolvePresets(['chatgpt']),
    timeline: [],
  } as unknown as Run;
  const counts = { looks: 0, marks: 0 };
  const window = {
    newcomers: {
      look: async () => {
        const next = looks[counts.looks];
        counts.looks += 1;
        if (next instanceof Error) throw next;
        return { clients: [], refusals: [], requests: 1, ...next };
      },
    },
    requireOurs: async () => {
      counts.marks += 1;
    },
  } as unknown as Window;
  return { io, run, window, said, counts };
}

const down = new McpkcError('KEYCLOAK_UNREACHABLE', 'Keycloak is away.', '');

describe('pace', () => {
  test('two requests a second, the question whose window it is included; ends with its time', async () => {
    const { io, run, window, counts } = staged([]);
    const begun = io.now();
    const { adopted } = await watch(run, window, 'registered', begun + 60_250);
    expect(adopted).toBeUndefined();
    expect(io.now() - begun).toBe(60_250);
    expect(counts.looks + counts.marks).toBeLessThanOrEqual(122);
    expect(counts.marks).toBeGreaterThan(5);
  });

  test('a look that took many requests is followed by a longer pause, but not by a long one', async () => {
    const { io, run, window } = staged([{ requests: 4 }, { requests: 500 }]);
    await watch(run, window, 'registered', io.now() + 30_000);
    expect(io.slept.slice(0, 3)).toEqual([2000, 5000, 500]);
  });
});

describe('Keycloak away', () => {
  test('is said once, waited for, and said to be over', async () => {
    const { io, run, window, said } = staged([down, down, down, {}, { clients: [chatgpt(A)] }]);
    const { adopted } = await watch(run, window, 'registered', io.now() + 60_000);
    expect(adopted?.id).toBe(A);
    expect(said.map((line) => line.slice(10))).toEqual([
      'Keycloak is away. Waiting for it.',
      'Keycloak answers again.',
      expect.stringContaining('ChatGPT registered'),
    ]);
  });

  test('until the time is up', async () => {
    const { io, run, window } = staged(Array.from({ length: 200 }, () => down));
    const watched = await watch(run, window, 'registered', io.now() + 10_000);
    expect(watched).toEqual({ adopted: undefined, several: [], others: [] });
  });

  test('but a missing role, or a bug, ends the watch', async () => {
    const role = new McpkcError('ROLE_MISSING', 'no', '');
    for (const error of [role, new TypeError('bug')]) {
      const { io, run, window } = staged([error]);
      await expect(watch(run, window, 'registered', io.now() + 10_000)).rejects.toBe(error);
    }
  });
});

describe('who', () => {
  test('the only one of the first look that shows one, whoever comes later', async () => {
    const { io, run, window } = staged([{}, { clients: [chatgpt(A)] }, { clients: [chatgpt(B)] }]);
    expect((await watch(run, window, 'registered', io.now() + 60_000)).adopted?.id).toBe(A);
  });

  test('several of one look are for a person to choose from; foreign ones are not among them', async () => {
    const foreign = { ...client('wild'), id: 'x', clientId: 'x' } as Client;
    const { io, run, window } = staged([{ clients: [chatgpt(A), foreign, chatgpt(B)] }]);
    const watched = await watch(run, window, 'registered', io.now() + 60_000);
    expect(watched.adopted).toBeUndefined();
    expect(watched.several.map(({ id }) => id)).toEqual([A, B]);
    expect(watched.others).toHaveLength(1);
  });

  test('the newest attempt that has a session; the others are listed', async () => {
    const { io, run, window } = staged([{ clients: [chatgpt(A)] }, { clients: [chatgpt(B)] }], [A, B]);
    const early = await watch(run, window, 'connected', io.now() + 60_000);
    expect(early.adopted?.id).toBe(A);
    const both = staged([{ clients: [chatgpt(A), chatgpt(B)] }], [A, B]);
    const late = await watch(both.run, both.window, 'connected', both.io.now() + 60_000);
    expect(late.adopted?.id).toBe(B);
    expect(late.others).toMatchObject([
      { client: { id: A }, reason: 'it registered but another one signed in' },
    ]);
  });

  test('nobody, where none signs in', async () => {
    const { io, run, window } = staged([{ clients: [chatgpt(A)] }]);
    const watched = await watch(run, window, 'connected', io.now() + 5000);
    expect(watched.others).toMatchObject([{ client: { id: A }, reason: expect.stringContaining('nobody') }]);
  });
});
