import type { Realm } from '../support/keycloak/realm.ts';
import { connectAsSoonAsPossible, dynamicClient, makeResource, RESOURCE, trust } from './stages.ts';

/** One way to call a command. */
export interface Row {
  command: string;
  name: string;
  argv: readonly string[];
  /** Beside the configuration of the service account. */
  env?: Readonly<Record<string, string>>;
  /** What is in the realm before. */
  stage?(realm: Realm): Promise<void>;
  /** What happens outside while the command runs. */
  beside?(realm: Realm, signal: AbortSignal): Promise<void>;
  /** A client that a fault may delete. */
  victim?: string;
  /** What a person does before a second try, where the first failed. */
  beforeRerun?(realm: Realm): Promise<void>;
  /** The exit status when nothing goes wrong; 0 unless told. */
  status?: number;
  /** It sends no request to Keycloak. */
  offline?: true;
}

const CLAUDE = '11111111-1111-4111-8111-111111111111';
const CHATGPT = '22222222-2222-4222-8222-222222222222';

/** A row, at least, for every command. */
export const ROWS: readonly Row[] = [
  {
    command: 'create-scope',
    name: 'from nothing',
    argv: ['create-scope', '--resource', RESOURCE],
  },
  {
    command: 'create-scope',
    name: 'clients that are there',
    argv: ['create-scope', '--resource', RESOURCE, '--preset', 'claude,chatgpt', '--client', 'app'],
    victim: CLAUDE,
    stage: async (realm) => {
      await dynamicClient(realm, CLAUDE, 'Claude', 'https://claude.ai/api/mcp/auth_callback');
      await dynamicClient(realm, CHATGPT, 'ChatGPT', 'https://chatgpt.com/connector/oauth/abc');
      await realm.admin.post(realm.path('clients'), { clientId: 'app' });
    },
  },
  {
    command: 'create-scope',
    name: '--remove',
    argv: ['create-scope', '--resource', RESOURCE, '--remove', '--yes'],
    stage: async (realm) => {
      await dynamicClient(realm, CHATGPT, 'ChatGPT', 'https://chatgpt.com/connector/oauth/abc');
      await makeResource(realm, { holders: [CHATGPT] });
    },
  },
  {
    command: 'trusted-hosts',
    name: '--add',
    argv: ['trusted-hosts', '--add', 'a.example.com,b.example.com'],
  },
  { command: 'trusted-hosts', name: 'list', argv: ['trusted-hosts'] },
  {
    command: 'onboard',
    name: 'a connector that registers',
    argv: ['onboard', RESOURCE, '--timeout', '60s'],
    stage: (realm) => trust(realm, ['chatgpt.com', 'svc.example.com']),
    beside: connectAsSoonAsPossible,
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
    stage: (realm) => dynamicClient(realm, CHATGPT, 'ChatGPT', 'https://chatgpt.com/connector/oauth/abc'),
  },
  { command: 'presets', name: 'list', argv: ['presets'], offline: true },
  { command: 'env', name: 'print', argv: ['env', RESOURCE], offline: true },
];
