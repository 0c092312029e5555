import { randomUUID } from 'node:crypto';
import type { Realm } from '../support/keycloak/realm.ts';
import { pruneRows } from './prune-rows.ts';
import type { Row } from './row.ts';
import {
  CHATGPT_CALLBACK,
  connect,
  dynamicClient,
  makeResource,
  provisionedHost,
  RESOURCE,
  trust,
} from './stages.ts';

// Keycloak wants a client's id to be the only one on the whole server, in whatever realm.
const CLAUDE = randomUUID();
const CHATGPT = randomUUID();

const chatgpt = (realm: Realm) => dynamicClient(realm, CHATGPT, 'ChatGPT', CHATGPT_CALLBACK);

const createScope: Row[] = [
  { command: 'create-scope', name: 'from nothing', argv: ['create-scope', '--resource', RESOURCE] },
  {
    command: 'create-scope',
    name: 'clients that are there',
    argv: ['create-scope', '--resource', RESOURCE, '--preset', 'claude,chatgpt', '--client', 'app'],
    victim: CLAUDE,
    stage: async (realm) => {
      await dynamicClient(realm, CLAUDE, 'Claude', 'https://claude.ai/api/mcp/auth_callback');
      await chatgpt(realm);
      await realm.admin.post(realm.path('clients'), { clientId: 'app' });
    },
  },
  {
    command: 'create-scope',
    name: '--remove',
    argv: ['create-scope', '--resource', RESOURCE, '--remove', '--yes'],
    stage: async (realm) => {
      await chatgpt(realm);
      await makeResource(realm, { holders: [CHATGPT] });
    },
  },
];

const onboard: Row[] = [
  {
    command: 'onboard',
    name: 'a connector that registers',
    argv: ['onboard', RESOURCE, '--timeout', '60s'],
    stage: (realm) => trust(realm, ['chatgpt.com', 'svc.example.com']),
    beside: { after: /The window for .* is open/, act: connect },
    or: 3,
    beforeRerun: async (realm) => {
      // The person removes the connector that didn't work and adds it again.
      const clients = await realm.admin.get<{ id: string; name?: string }[]>(realm.path('clients'));
      for (const { id, name } of clients)
        if (name === 'ChatGPT') await realm.admin.del(realm.path(`clients/${id}`));
    },
  },
  {
    command: 'onboard',
    name: 'a client that is named',
    argv: ['onboard', RESOURCE, CHATGPT],
    victim: CHATGPT,
    stage: chatgpt,
  },
];

const looking: Row[] = [
  { command: 'trusted-hosts', name: 'list', argv: ['trusted-hosts'] },
  {
    command: 'status',
    name: 'with clients',
    argv: ['status', '--resource', RESOURCE, '--clients'],
    stage: async (realm) => {
      await chatgpt(realm);
      await makeResource(realm, { holders: [CHATGPT] });
    },
    status: 1,
    reports: 1,
  },
  {
    command: 'validate',
    name: 'with probes',
    argv: ['validate', '{mcp}'],
    stage: provisionedHost,
    reports: 1,
  },
];

const offline = (command: string, ...argv: string[]): Row => ({
  command,
  name: 'says what it knows',
  argv: [command, ...argv],
  offline: true,
});

/** A row, at least, for every command. */
export const ROWS: readonly Row[] = [
  {
    command: 'init',
    name: 'from nothing',
    argv: ['init', '--admin-user', '{admin}', '--force', '--events', '30d'],
    env: { KC_CLIENT_ID: 'made-by-init', KC_CLIENT_SECRET: '' },
    administrator: true,
  },
  ...createScope,
  {
    command: 'trusted-hosts',
    name: '--add',
    argv: ['trusted-hosts', '--add', 'a.example.com,b.example.com'],
  },
  ...looking,
  ...onboard,
  ...pruneRows,
  { command: 'env', name: 'from the realm', argv: ['env', RESOURCE] },
  { command: 'runbook', name: 'from the realm', argv: ['runbook', RESOURCE] },
  offline('presets'),
  offline('explain', 'ROLE_MISSING'),
  offline('completion', 'bash'),
];
