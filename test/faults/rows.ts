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

/** A client of a product that stands in the realm before the command runs. */
interface Connector {
  id: string;
  add(realm: Realm): Promise<void>;
}

function connector(name: string, callback: string): Connector {
  const id = randomUUID();
  return { id, add: (realm) => dynamicClient(realm, id, name, callback) };
}

const createScope = (claude: Connector, chatgpt: Connector): Row[] => [
  {
    command: 'create-scope',
    name: 'from nothing',
    argv: ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE],
  },
  {
    command: 'create-scope',
    name: 'clients that are there',
    argv: ['create-scope', '--resource', RESOURCE, '--preset', 'claude,chatgpt', '--client', 'app'],
    victim: claude.id,
    stage: async (realm) => {
      await claude.add(realm);
      await chatgpt.add(realm);
      await realm.admin.post(realm.path('clients'), { clientId: 'app' });
    },
  },
  {
    command: 'create-scope',
    name: '--remove',
    argv: ['create-scope', '--resource', RESOURCE, '--remove', '--yes'],
    stage: async (realm) => {
      await chatgpt.add(realm);
      await makeResource(realm, { holders: [chatgpt.id] });
    },
  },
];

const onboard = (chatgpt: Connector): Row[] => [
  {
    command: 'onboard',
    name: 'a connector that registers',
    argv: ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '60s'],
    stage: (realm) => trust(realm, ['chatgpt.com', 'svc.example.com']),
    beside: { after: /Waiting for a connector/, act: connect },
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
    argv: ['onboard', RESOURCE, chatgpt.id],
    victim: chatgpt.id,
    stage: chatgpt.add,
  },
];

const allowing: Row[] = [
  {
    command: 'allow',
    name: 'a client made beforehand',
    argv: ['allow', RESOURCE, '--preset', 'mcp-remote', '--by', 'client'],
    env: { HOME: '/nowhere' },
  },
];

const access: Row[] = [
  {
    command: 'access',
    name: 'a server bound to a role',
    argv: ['access', RESOURCE, '--role', 'finance'],
    stage: (realm) => makeResource(realm, { holders: [] }),
  },
];

const FLEET = `realms:
  - servers:
      - resource: ${RESOURCE}
        roles: [finance]
        products: [chatgpt, { preset: mcp-remote, by: client }]
`;
const fleet: Row[] = [
  {
    command: 'plan',
    name: 'of a file',
    argv: ['plan', '-f', 'fleet.yaml'],
    stage: async () => ({ files: { 'fleet.yaml': FLEET } }),
    status: 1,
  },
  {
    command: 'apply',
    name: 'of a file',
    argv: ['apply', '-f', 'fleet.yaml'],
    stage: async () => ({ files: { 'fleet.yaml': FLEET } }),
  },
];

const exported: Row[] = [
  {
    command: 'export',
    name: 'of a realm',
    argv: ['export'],
    stage: (realm) => makeResource(realm, { holders: [] }),
  },
];

const connections: Row[] = [
  {
    command: 'connections',
    name: 'who is connected',
    argv: ['connections', RESOURCE],
    stage: (realm) => makeResource(realm, { holders: [] }),
  },
];

const looking = (chatgpt: Connector): Row[] => [
  { command: 'trusted-hosts', name: 'list', argv: ['trusted-hosts'] },
  {
    command: 'status',
    name: 'with clients',
    argv: ['status', '--resource', RESOURCE, '--clients'],
    stage: async (realm) => {
      await chatgpt.add(realm);
      await makeResource(realm, { holders: [chatgpt.id] });
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

/**
 * A row, at least, for every command. Each call makes its own connectors: Keycloak wants a client's id to be the only one
 * on the whole server, in whatever realm.
 */
export function makeRows(): Row[] {
  const claude = connector('Claude', 'https://claude.ai/api/mcp/auth_callback');
  const chatgpt = connector('ChatGPT', CHATGPT_CALLBACK);
  return [
    {
      command: 'init',
      name: 'from nothing',
      argv: ['init', '--admin-user', '{admin}', '--force', '--events', '30d'],
      env: { KC_CLIENT_ID: 'made-by-init', KC_CLIENT_SECRET: '' },
      administrator: true,
    },
    ...createScope(claude, chatgpt),
    ...access,
    ...connections,
    {
      command: 'trusted-hosts',
      name: '--add',
      argv: ['trusted-hosts', '--add', 'a.example.com,b.example.com'],
    },
    ...looking(chatgpt),
    ...onboard(chatgpt),
    ...allowing,
    ...fleet,
    ...exported,
    ...pruneRows,
    { command: 'env', name: 'from the realm', argv: ['env', RESOURCE], sideBySide: true },
    { command: 'runbook', name: 'from the realm', argv: ['runbook', RESOURCE], sideBySide: true },
    offline('presets'),
    offline('explain', 'ROLE_MISSING'),
    offline('completion', 'bash'),
  ];
}
