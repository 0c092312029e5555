import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { type Account, accountIn, expectCli, type MemoryResult, runCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type { HostSetup, TestHost } from '../support/hosts/serve.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import { type Client, clientIn, scopeIn } from '../support/realm-things.ts';

/** A result as the document has it. */
export interface Check {
  id: string;
  severity: string;
  outcome: 'pass' | 'fail' | 'not-run' | 'skipped';
  message: string;
  warning: boolean;
  excused: boolean;
  culprit: string | null;
  cause: string | null;
  fix: string | null;
  evidence: { exchanges: Record<string, unknown>[]; facts: Record<string, unknown> };
}

/** The document of `validate`. */
export interface Document {
  mode: string | null;
  issuer: string | null;
  checks: Check[];
  outlook: { preset: string; verdict: string; stage: string | null; check: string | null; message: string }[];
  requests: { id: string; request: string; to: string; status: number | null; ms: number }[];
  events: { type: string; client: string | null; time: string; error: string | null }[];
  commands: Record<string, string>;
  swept: { removed: string[]; left: string[] };
}

/** A realm that was made ready for hosts, with an account and a person in it. */
export interface Stage {
  realm: Realm;
  account: Account;
  user: RealmUser;
  scope: string;
  setup: HostSetup;
  /** Makes the realm ready for an MCP server at this URL. */
  provision(url: string, args?: readonly string[]): Promise<void>;
  /** The same, and tokens without a user are refused to what registered itself (26.7). */
  provisionWhole(url: string, args?: readonly string[]): Promise<void>;
  /** Runs `access` for an MCP server. */
  access(url: string, ...args: string[]): Promise<void>;
  /** Runs `validate --json` against an MCP server. */
  validate(url: string, args?: readonly string[], env?: Record<string, string>): Promise<Validated>;
  remove(): Promise<void>;
}

/** A run and its document. */
export interface Validated extends MemoryResult {
  document: Document;
  check(id: string): Check;
  /** Ids of the checks with this outcome. */
  ids(outcome: Check['outcome']): string[];
}

export const SCOPE = 'mcp-resource';

/** Makes a realm with an account, a person and stored events. Nothing is provisioned yet. */
export async function newStage(purpose: string, setup: Partial<HostSetup> = {}): Promise<Stage> {
  const realm = await createRealm(inject('keycloak'), `validate-${purpose}`);
  const account = await accountIn(realm);
  const user = await realm.createUser();
  await switchEventsOn(realm, { admin: false, user: true });
  const provision = async (url: string, args: readonly string[] = []) => {
    const preset = args.includes('--preset') ? [] : ['--preset', 'chatgpt'];
    await expectCli(0, ['create-scope', '--resource', url, '--scope', SCOPE, ...preset, ...args], {
      env: account.env,
    });
  };
  return {
    realm,
    account,
    user,
    scope: SCOPE,
    setup: { issuer: realm.issuer, scope: SCOPE, ...setup },
    access: async (url, ...args) => {
      await expectCli(0, ['access', url, '--scope', SCOPE, ...args], { env: account.env });
    },
    provision: async (url, args = []) => {
      await provision(url, args);
      // So that registered clients have tokens to judge without a person.
      await withoutPolicy(realm, 'mcpkc-userless');
    },
    provisionWhole: provision,
    validate: (url, args = [], env = {}) => validateRun([url, ...args], { ...account.env, ...env }),
    remove: () => realm.remove(),
  };
}

/** Removes a client policy of that name, where there is one. */
async function withoutPolicy(realm: Realm, name: string): Promise<void> {
  const path = realm.path('client-policies/policies');
  const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(path);
  await realm.admin.put(path, { policies: policies.filter((one) => one.name !== name) });
}

/** Makes the stage's scope another host's, by the administrator: quicker than making a realm for each host. */
export async function retarget({ realm, scope }: Stage, url: string, audience = url): Promise<void> {
  const found = await scopeIn(realm, scope);
  const mapper = found?.protocolMappers?.find(({ name }) => name === 'mcp-audience') as
    | { id: string; config: Record<string, string> }
    | undefined;
  if (!found || !mapper) throw new Error('The stage was not provisioned.');
  const path = realm.path(`client-scopes/${found.id}`);
  const attributes = { ...found.attributes, 'mcpkc.resource': url };
  await realm.admin.put(path, { name: scope, protocol: 'openid-connect', attributes });
  const config = { ...mapper.config, 'included.custom.audience': audience };
  await realm.admin.put(`${path}/protocol-mappers/models/${mapper.id}`, { ...mapper, config });
}

/** Runs `validate --json`. */
export async function validateRun(
  args: readonly string[],
  env: Record<string, string>,
  prepare: (io: MemoryIo) => void = () => {},
): Promise<Validated> {
  const run = await runCli(['validate', '--json', ...args], { env, prepare });
  const document = run.json as unknown as Document;
  const check = (id: string) => {
    const found = document.checks.find((one) => one.id === id);
    if (!found) throw new Error(`There is no check ${id}.`);
    return found;
  };
  const ids = (outcome: Check['outcome']) =>
    (document.checks ?? []).filter((one) => one.outcome === outcome).map(({ id }) => id);
  return { ...run, json: run.json, document, check, ids };
}

/** Starts the good host on this stage. */
export function goodHost(stage: Stage, env: Record<string, string> = {}): Promise<GoodHost> {
  return startGoodHost(stage.setup, env);
}

/** A connector as `onboard` leaves it: registered and adopted. Gives its client id. */
export async function adoptedConnector(stage: Stage, url: string, changes: object = {}): Promise<string> {
  const response = await fetch(`${stage.realm.issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
      ...changes,
    }),
  });
  const { client_id: clientId = '' } = (await response.json()) as { client_id?: string };
  await stage.provision(url, ['--attach', 'none', '--client', clientId]);
  return clientId;
}

/** The probes that are in the realm. */
export async function probesIn(realm: Realm): Promise<string[]> {
  const all = await realm.admin.get<Client[]>(realm.path('clients?max=1000'));
  return all
    .filter((one) => one.attributes?.tosUri?.startsWith('https://mcpkc.invalid/probe/'))
    .map(({ clientId }) => clientId);
}

export { clientIn };

/** A name of its own. */
export const unique = () => randomBytes(3).toString('hex');

/** Anybody who listens for requests: which client each bearer token of an MCP server's record was issued to. */
export function senders(host: TestHost): Set<string> {
  const tokens = host.requests.flatMap(
    ({ headers }) => /^Bearer (ey\S+)$/.exec(headers.authorization ?? '')?.[1] ?? [],
  );
  return new Set(
    tokens.map((token) =>
      String(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).azp),
    ),
  );
}
