import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runMcpkc } from '../faults/run.ts';
import { makeScene } from '../faults/scene.ts';
import { CHATGPT_CALLBACK, dynamicClient, RESOURCE, trust } from '../faults/stages.ts';
import type { Realm } from '../support/keycloak/realm.ts';
import { expectInert } from '../unit/hostile/harness.ts';

let realm: Realm;

/** What anybody who may register can put into a client's name and addresses, as Keycloak keeps it. */
const NAMES = [
  'ChatGPT\u001b[2J\u001b[31m',
  'ChatGPT\u001b]0;title\u0007',
  'ChatGPT\r\nall is well',
  '\u202eTPGtahC',
  'Chat\u200bGPT\u2066',
  '$(touch /tmp/mcpkc-was-here) `id` ; rm -rf /',
  '__proto__',
  '"},{"clientId":"evil',
  'x'.repeat(255),
  '<script>alert(1)</script>',
  '\u009b31m',
];

beforeAll(async () => {
  ({ realm } = await makeScene(inject('keycloak')));
  await trust(realm, ['chatgpt.com', 'svc.example.com']);
  await realm.createUser();
  for (const name of NAMES) await dynamicClient(realm, crypto.randomUUID(), name, CHATGPT_CALLBACK);
  await realm.admin.post(realm.path('clients'), {
    clientId: 'client\u202e\u001b[31m',
    name: '\u001b[31m',
    description: '\u001b]0;x\u0007',
    redirectUris: ['https://a.example/\u202e'],
    attributes: {
      'mcpkc.prune': 'marked \u001b[31m',
      'mcpkc.adopted': '__proto__ \u001b[31m',
    },
  });
  await realm.admin.post(realm.path('client-scopes'), {
    name: 'odd-scope',
    protocol: 'openid-connect',
    description: '\u001b[31m',
    attributes: {
      'mcpkc.resource': 'https://\u001b[31m/',
      'mcpkc.mode': '\u001b',
      'mcpkc.window': '{"by":"\u001b[31m',
    },
  });
}, 60_000);

afterAll(() => realm.remove());

const LINES: string[][] = [
  ['status', '--clients', '--resource', RESOURCE],
  ['prune-clients'],
  ['prune-clients', '--observe', '--dry-run'],
  ['trusted-hosts'],
  ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--existing', '--dry-run'],
  ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--existing'],
  ['prune-clients', '--verbose'],
  ['status', '--clients', '--verbose'],
  ['env', RESOURCE],
  ['runbook', RESOURCE],
  ['create-scope', '--resource', RESOURCE, '--remove', '--yes'],
];

describe.each([['text'], ['JSON']])('as %s', (format) => {
  it.each(LINES.map((argv) => [argv.join(' '), argv] as const))('%s is inert', async (_name, argv) => {
    const server = realm.admin.access.url;
    const { status, stdout, stderr } = await runMcpkc(server, argv, {
      realm: realm.name,
      json: format === 'JSON',
    });
    expect([0, 1], stderr).toContain(status);
    expectInert(stdout);
    expectInert(stderr);
    if (format === 'JSON') expect(JSON.parse(stdout)).toMatchObject({ realm: realm.name });
  });
});
