import { expect, it } from 'vitest';
import { expectCli } from '../support/cli.ts';
import { envFor, startFakeKeycloak } from '../support/fake-keycloak.ts';

it.each([
  ['trusted-hosts', '--add', 'x.example.com'],
  ['create-scope', '--preset', 'chatgpt', '--resource', 'https://svc.example.com/mcp'],
])('realm master is changed only with --yes: %s', async (...args) => {
  const server = await startFakeKeycloak();
  const env = envFor(server.url, { KC_REALM: 'master' });
  const ran = await expectCli(5, [...args, '--json'], { env });
  expect(ran.json).toMatchObject({
    code: 'CONSENT_NEEDED',
    message: 'This changes the realm master, which administers all others.',
    fix: 'To agree, add --yes; --dry-run shows the whole plan.',
  });
  expect(server.got.filter(({ method, path }) => method !== 'GET' && !path.includes('/token'))).toEqual([]);
  await expectCli(1, [...args, '--dry-run'], { env });
});
