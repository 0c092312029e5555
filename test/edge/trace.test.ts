import { expect, it } from 'vitest';
import { expectCli } from '../support/cli.ts';
import { envFor, startFakeKeycloak } from '../support/fake-keycloak.ts';

const LIST = ['trusted-hosts', '--json'];
const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${ID}-00f067aa0ba902b7-01`;

it('TRACEPARENT is taken over: every request is a span of its own in that trace', async () => {
  const server = await startFakeKeycloak();
  await expectCli(0, LIST, { env: envFor(server.url, { TRACEPARENT: PARENT }) });
  const sent = server.got.map(({ headers }) => String(headers.traceparent));
  expect(sent.length).toBeGreaterThan(1);
  for (const one of sent) expect(one).toMatch(new RegExp(`^00-${ID}-[\\da-f]{16}-01$`));
  expect(new Set([...sent, PARENT]).size).toBe(sent.length + 1);
});

it.each(['', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `${PARENT}\r\nx: y`])(
  'without a good one (%j) the run begins a trace',
  async (TRACEPARENT) => {
    const server = await startFakeKeycloak();
    await expectCli(0, LIST, { env: envFor(server.url, { TRACEPARENT }) });
    const ids = server.got.map(({ headers }) => String(headers.traceparent).split('-')[1]);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^(?!0{32})[\da-f]{32}$/);
  },
);

it('a failure says the trace, for a search in the servers’ logs', async () => {
  const server = await startFakeKeycloak(({ path }) =>
    path.includes('/components') ? { status: 500, json: { error: 'unknown_error' } } : undefined,
  );
  const ran = await expectCli(3, LIST, { env: envFor(server.url, { TRACEPARENT: PARENT }) });
  expect(ran.json).toMatchObject({ details: { trace: ID } });
  expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(`trace ${ID}`);
});

it('neither a token nor a secret is in it', async () => {
  const server = await startFakeKeycloak();
  const env = envFor(server.url);
  await expectCli(0, LIST, { env });
  for (const { headers } of server.got) expect(headers.traceparent).not.toContain(env.KC_CLIENT_SECRET);
});
