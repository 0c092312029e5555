import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Connector } from '../../test/support/connectors/chatgpt.ts';
import { createRealm, type Realm, type RealmUser } from '../../test/support/keycloak/realm.ts';
import { obtainKeycloak } from '../../tools/keycloak/obtain.ts';
import { firstEnv, type RunningHost, startMcpHost } from './host.ts';
import { type, typed } from './terminal.ts';

/** What the demo can do differently. */
export interface DemoOptions {
  /** Leave everything running at the end, until `stopped` resolves. */
  keep?: Promise<unknown> | undefined;
  /** Leave `mcpkc onboard` out, to see what happens without it. */
  withoutOnboard?: boolean;
}

/** How a demo ended: the connector's stage and status where it failed. */
export type DemoResult = { ok: true; answer: string } | { ok: false; stage: string; status: number };

type Cleanup = () => Promise<unknown>;

/**
 * The main job from nothing to a tool call: a Keycloak, a realm with a user, `mcpkc init`, a protected MCP server,
 * `mcpkc onboard`, and a connector that registers, signs in and calls a tool as ChatGPT does.
 */
export async function demo(options: DemoOptions = {}): Promise<DemoResult> {
  const cleanups: Cleanup[] = [];
  const later = (cleanup: Cleanup) => cleanups.unshift(cleanup);
  try {
    return await play(options, later);
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

async function play(options: DemoOptions, later: (cleanup: Cleanup) => void): Promise<DemoResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpkc-demo-'));
  later(() => rm(folder, { recursive: true, force: true }));
  say('A Keycloak, and in it a realm with a user.');
  const keycloak = await obtainKeycloak({ progress: (line) => process.stdout.write(`  ${line}\n`) });
  later(() => keycloak.stop());
  const realm = await createRealm(keycloak, 'demo');
  if (!keycloak.owned) later(() => realm.remove());
  const user = await realm.createUser({ username: 'alice' });
  await realm.admin.put(realm.path('events/config'), { eventsEnabled: true, eventsExpiration: 86_400 });
  process.stdout.write(`  ${keycloak.url}, realm ${realm.name}, user ${user.username}\n`);

  say('mcpkc gets an account of its own; an administrator signs in once for that.');
  await typed(
    folder,
    ['init', '--server', keycloak.url, '--realm', realm.name, '--admin-user', keycloak.adminUser],
    {
      KC_BOOTSTRAP_ADMIN_PASSWORD: keycloak.adminPassword,
    },
  );

  say('An MCP server that lets nobody in without a token of this realm for exactly this server.');
  const host = await startMcpHost(await firstEnv(realm.issuer));
  later(() => host.stop());
  process.stdout.write(`  ${host.url}\n`);

  const result = options.withoutOnboard
    ? await connectUnaided(host.url, realm, user)
    : await connect(folder, host, user, later);
  if (options.keep && result.ok) {
    say(
      `Everything is left running: ${host.url}, ${keycloak.url}/admin (${keycloak.adminUser} / ${keycloak.adminPassword}), files in ${folder}. Ctrl-C stops it.`,
    );
    await options.keep;
  }
  return result;
}

/** Onboards, while the connector does what the person in ChatGPT does. */
async function connect(
  folder: string,
  host: RunningHost,
  user: RealmUser,
  later: (cleanup: Cleanup) => void,
): Promise<DemoResult> {
  const { url } = host;
  say('One command connects ChatGPT. It waits; then the person adds the connector in ChatGPT and signs in.');
  const onboarding = type(folder, [
    'onboard',
    url,
    '--preset',
    'chatgpt',
    '--until',
    'registered',
    '--timeout',
    '60s',
  ]);
  await onboarding.until(/Waiting for a connector/);
  const connector = new Connector(url);
  const registered = (await connector.discover()).ok ? await connector.register() : undefined;
  const status = await onboarding.done;
  if (status !== 0) throw new Error(`mcpkc onboard ended with exit status ${status}`);
  if (!registered?.ok) throw new Error(`the connector could not register: ${JSON.stringify(registered)}`);
  say('The MCP server is started anew with the environment that mcpkc prints for it.');
  const env = parseEnv(await typed(folder, ['env', url]));
  await host.stop();
  const restarted = await startMcpHost(env as Record<string, string>);
  later(() => restarted.stop());
  say('The connector signs in as alice, agrees, and calls a tool.');
  const result = await useTool(new Connector(url, { client: registered }), user);
  if (result.ok) {
    say('What an operator looks at afterwards.');
    await typed(folder, ['status', '--resource', url]);
    await typed(folder, ['validate', url]);
  }
  return result;
}

/** What happens without `mcpkc onboard`: registration is opened by hand, as most guides say, and nothing else. */
async function connectUnaided(url: string, realm: Realm, user: RealmUser): Promise<DemoResult> {
  const type = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
  const found = await realm.admin.get<Record<string, unknown>[]>(realm.path(`components?type=${type}`));
  const policy = found.find(({ providerId }) => providerId === 'trusted-hosts');
  const config = {
    'trusted-hosts': ['chatgpt.com'],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  };
  await realm.admin.put(realm.path(`components/${policy?.id}`), { ...policy, config });
  return useTool(new Connector(url), user);
}

async function useTool(connector: Connector, user: RealmUser): Promise<DemoResult> {
  const outcome = await connector.connect(user, { name: 'whoami' });
  if (!outcome.ok) {
    process.stdout.write(
      `  The connector failed at ${outcome.stage} with ${outcome.status}: ${outcome.error} ${outcome.description}\n`,
    );
    return { ok: false, stage: outcome.stage, status: outcome.status };
  }
  const answer = JSON.stringify(outcome.toolResult);
  process.stdout.write(`  tool whoami answered: ${answer}\n`);
  return { ok: true, answer };
}

function say(text: string): void {
  process.stdout.write(`\n# ${text}\n`);
}
