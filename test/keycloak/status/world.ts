import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, inject } from 'vitest';
import type { RunningHost } from '../../../examples/mcp-host/host.ts';
import type { Finding } from '../../../src/findings/finding.ts';
import { startMcpHost } from '../../connectors/host.ts';
import { type Account, accountIn, type CliResult, expectCli, runCli, seedSecret } from '../../support/cli.ts';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { CHATGPT, type Product } from '../../support/connectors/products.ts';
import { switchEventsOn } from '../../support/keycloak/events.ts';
import { expectExport } from '../../support/keycloak/exported.ts';
import type {} from '../../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../../support/keycloak/realm.ts';
import { type OperatorFolder, operatorFolder } from '../../support/shell.ts';

export const SCOPE = 'mcp-resource';
/** ChatGPT, and anybody who names what it wants when it registers. */
export const naming = (scope: string): Product => ({ ...CHATGPT, registrationScope: scope });

interface Component {
  id: string;
  name: string;
  providerId: string;
  subType: string;
  config: Record<string, string[]>;
  [field: string]: unknown;
}

type Raw = Record<string, unknown>;

/** A realm with a person, an MCP server that trusts it, mcpkc's account, and what it takes to change things behind its back. */
export class World {
  readonly realm: Realm;
  readonly user: RealmUser;
  readonly host: RunningHost;
  account: Account;
  env: Record<string, string>;
  readonly folder: OperatorFolder;

  private constructor(
    realm: Realm,
    user: RealmUser,
    host: RunningHost,
    account: Account,
    folder: OperatorFolder,
  ) {
    this.realm = realm;
    this.user = user;
    this.host = host;
    this.account = account;
    this.folder = folder;
    this.env = { ...account.env, MCP_TRANSPORT_URL: host.url, HOME: folder.path };
  }

  /** A brand-new realm; `issuer` is what the MCP server believes in, the realm's own unless told. */
  static async fresh(issuer?: string): Promise<World> {
    const realm = await createRealm(inject('keycloak'), 'status');
    const [user, host, account] = await Promise.all([
      realm.createUser(),
      startMcpHost(issuer ?? realm.issuer),
      accountIn(realm),
    ]);
    const folder = await operatorFolder({ ...account.env, MCP_TRANSPORT_URL: host.url });
    return new World(realm, user, host, account, folder);
  }

  /** A realm in which everything is as `create-scope` and stored events make it; `prepare` puts something there first. */
  static async provisioned(prepare?: (world: World) => Promise<void>): Promise<World> {
    const world = await World.fresh();
    await prepare?.(world);
    await switchEventsOn(world.realm, { admin: false, user: true });
    await world.mcpkc(0, 'create-scope', '--preset', 'chatgpt');
    return world;
  }

  /** Runs a command line in memory and expects an exit status. */
  mcpkc(exit: number, ...args: string[]): Promise<CliResult> {
    return expectCli(exit, args, { env: this.env });
  }

  /** What status finds. */
  async findings(...args: string[]): Promise<Finding[]> {
    const ran = await runCli(['status', '--json', ...args], { env: this.env, files: this.files });
    if (ran.exit > 1) throw new Error(`status ended with ${ran.exit}: ${ran.out}${ran.err}`);
    // Staged, and not fixed yet: the suite `export` looks at it as it is.
    if (process.env.MCPKC_EXPORT !== undefined) await expectExport(this.realm);
    return ran.json.findings as Finding[];
  }

  /** Files that status may read beside the configuration. */
  files: Record<string, string> = {};

  /** Writes a file for both: the shell, and runs in memory. */
  async keep(file: string, text: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode: 0o600 });
    this.files[file] = text;
  }

  connect(product: Product = CHATGPT, options: { scope?: string } = {}) {
    return new Connector(this.host.url, { product, ...options }).connect(this.user);
  }

  get admin() {
    return this.realm.admin;
  }

  path(rest = ''): string {
    return this.realm.path(rest);
  }

  async policies(): Promise<Component[]> {
    const all = await this.admin.get<Component[]>(this.path('components'));
    return all.filter(
      ({ subType, providerType }) =>
        subType === 'anonymous' && String(providerType).includes('ClientRegistrationPolicy'),
    );
  }

  async configure(providerId: string, config: Record<string, string[]>): Promise<void> {
    for (const one of (await this.policies()).filter((policy) => policy.providerId === providerId)) {
      await this.admin.put(this.path(`components/${one.id}`), {
        ...one,
        config: { ...one.config, ...config },
      });
    }
  }

  async deletePolicy(providerId: string): Promise<void> {
    for (const one of (await this.policies()).filter((policy) => policy.providerId === providerId)) {
      await this.admin.del(this.path(`components/${one.id}`));
    }
  }

  async hosts(): Promise<string[]> {
    const [policy] = (await this.policies()).filter(({ providerId }) => providerId === 'trusted-hosts');
    return policy?.config['trusted-hosts'] ?? [];
  }

  async scope(
    name = SCOPE,
  ): Promise<Raw & { id: string; protocolMappers: (Raw & { id: string; config: Raw })[] }> {
    const all = await this.admin.get<
      (Raw & { id: string; protocolMappers: (Raw & { id: string; config: Raw })[] })[]
    >(this.path('client-scopes'));
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`there is no scope ${name}`);
    return found;
  }

  async mapper(config: Raw): Promise<void> {
    const { id, protocolMappers } = await this.scope();
    const [mapper] = protocolMappers;
    if (!mapper) throw new Error('the scope has no mapper');
    const body = { ...mapper, config: { ...mapper.config, ...config } };
    await this.admin.put(this.path(`client-scopes/${id}/protocol-mappers/models/${mapper.id}`), body);
  }

  async clientPolicies(): Promise<Raw[]> {
    return (await this.admin.get<{ policies: Raw[] }>(this.path('client-policies/policies'))).policies;
  }

  async putClientPolicies(policies: Raw[]): Promise<void> {
    await this.admin.put(this.path('client-policies/policies'), { policies });
  }

  async client(clientId: string): Promise<Raw & { id: string }> {
    const [found] = await this.admin.get<(Raw & { id: string })[]>(
      this.path(`clients?clientId=${encodeURIComponent(clientId)}`),
    );
    if (!found) throw new Error(`there is no client ${clientId}`);
    return found;
  }

  async withoutClient(clientId: string): Promise<void> {
    const { id } = await this.client(clientId);
    await this.admin.del(this.path(`clients/${id}`));
  }

  async changeClient(clientId: string, fields: Raw): Promise<void> {
    const { id } = await this.client(clientId);
    await this.admin.put(this.path(`clients/${id}`), fields);
  }

  /** Takes the account's secret, which a run of init may have made anew, for the runs in memory. */
  async takeSecret(): Promise<void> {
    const { KC_CLIENT_ID = '', KC_ADMIN_REALM } = this.env;
    if (KC_ADMIN_REALM !== undefined) return;
    const { id } = await this.client(KC_CLIENT_ID);
    const { value } = await this.admin.get<{ value: string }>(this.path(`clients/${id}/client-secret`));
    this.env = { ...this.env, KC_CLIENT_SECRET: seedSecret(value) };
  }

  async remove(): Promise<void> {
    await this.host.stop();
    await this.realm.remove();
    await this.folder.remove();
  }
}

/** Worlds of a test file, which are removed at its end. */
export function useWorlds(): (world: World) => World {
  const worlds: World[] = [];
  afterAll(async () => {
    for (const world of worlds) await world.remove();
  });
  return (world) => {
    worlds.push(world);
    return world;
  };
}
