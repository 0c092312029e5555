import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { defaultBackup, realmInFileName, stateFolder } from '../../cli/state-files.ts';
import type { Style } from '../../cli/style.ts';
import type { Config } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { readRealmRoles } from '../../keycloak/read/access.ts';
import { type AccountRealms, readAccount } from '../../keycloak/read/account.ts';
import { readAllClients } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { isHeld, readRoleTree } from '../../keycloak/read/role-holders.ts';
import { readSessionStats } from '../../keycloak/read/sessions.ts';
import { holderOf, withLock } from '../../keycloak/write/lock.ts';
import { removalWriter } from '../../keycloak/write/remove-all.ts';
import { ACCOUNT_CLIENT, type DesiredAccount } from '../../plan/account/desired.ts';
import { agreeToLoss } from '../../plan/agree.ts';
import { requireEditablePolicies } from '../../plan/editable-policies.ts';
import { applyPlan, type Plan, planStatus, type RemovalKind, type Reservation } from '../../plan/plan.ts';
import { readBack } from '../../plan/read-back.ts';
import { holdersOf, ownScopes, type RemovalFacts, removalOf } from '../../plan/removal.ts';
import { sessionsSentence } from '../../plan/retirement.ts';
import { changeName, outcomeLine, planText } from '../../plan/text.ts';
import { isLeftProbe, runMark } from '../../products/probe-mark.ts';
import { isNobodyRole, type Role } from '../../realm/access.ts';
import { accountOrigin } from '../../realm/account.ts';
import { beforeOf, type RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { count, listNames, visible, wrap } from '../../text.ts';
import type { InitOptions } from './command.ts';

/** The realm role in which `prune-clients` of 0.1.0 kept what it saw; now the record has that. */
const OBSERVED_ROLE = 'mcpkc-observed';

/**
 * `mcpkc init --remove`: everything that mcpkc made in the realm, the account last. Names what stays because nobody knows
 * whose it is.
 */
export async function removeEverything(
  context: Context,
  realms: AccountRealms,
  account: DesiredAccount,
  { config, flags }: { config: Config; flags: InitOptions },
): Promise<Report> {
  const { io, signal, voice } = context;
  const own = runMark(io);
  const read = async (): Promise<RemovalFacts> => {
    const facts = await readFacts(realms, account);
    return { ...facts, probes: facts.clients.filter((client) => isLeftProbe(client, own, io)) };
  };
  const facts = await read();
  requireNoForeignPolicy(facts);
  const plan = removalOf(facts);
  await requireEditablePolicies(realms.target, plan, facts.snapshot);
  const dryRun = flags.dryRun === true;
  const reserved = plan.length === 0 ? [] : await reservations(facts, account, realms.target);
  if (dryRun) for (const { message } of reserved) voice.warn(message);
  const stays = [...staying(facts, account), ...(await findKeptFiles(context, config, realms.target))];
  if (!dryRun && plan.length > 0) {
    const { server, realm } = realms.target;
    const question = `Remove all of this from realm ${visible(realm)} (${count(plan.length, 'change')})?`;
    await agreeToLoss(context, { server, plan, reserved, stays, question, yes: flags.yes === true });
    await withLock(realms.target, io, holderOf(io, 'init --remove'), async () => {
      const now = await read();
      const write = removalWriter(realms, account, now.snapshot, now.account.client?.id);
      await applyPlan(removalOf(now), write, signal, (change) => voice.progress(changeName(change)));
    });
    await readBack('realm', read, removalOf);
  }
  return reportOf(realms, account, plan, stays, dryRun);
}

async function readFacts(realms: AccountRealms, account: DesiredAccount): Promise<RemovalFacts> {
  const { target } = realms;
  const [snapshot, record, clients, roles, found] = await Promise.all([
    readRealm(target),
    readRecord(target),
    everyClient(realms),
    readRealmRoles(target),
    readAccount(realms, account, false),
  ]);
  const own = roles.filter((role) => role.name === OBSERVED_ROLE || isNobodyRole(role));
  const made = await unheldRoles(target, record, roles);
  const names = [...own.map(({ name }) => name), ...made.gone];
  const rest = { kept: made.kept, account: found, accountId: account.clientId };
  return { snapshot, record, clients, roles: names, ...rest };
}

/** Roles that mcpkc made for MCP servers: those go that nobody has. */
async function unheldRoles(
  target: Keycloak,
  record: RealmRecord,
  roles: readonly Role[],
): Promise<{ gone: string[]; kept: string[] }> {
  const made = roles.filter(
    (role) => !isNobodyRole(role) && beforeOf(record, 'realm-role', role.name)?.value === null,
  );
  if (made.length === 0) return { gone: [], kept: [] };
  const tree = await readRoleTree(target, roles);
  const held = await mapSome(made, async (role) => ({ role, held: await isHeld(target, role, tree) }));
  const names = (some: typeof held) => some.map(({ role }) => role.name);
  return { gone: names(held.filter((one) => !one.held)), kept: names(held.filter((one) => one.held)) };
}

async function everyClient({ target }: AccountRealms): Promise<Client[]> {
  const all: Client[] = [];
  for await (const page of readAllClients(target)) all.push(...page);
  return all;
}

/** SCOPE_IN_POLICY: with a scope gone that somebody else's policy names, no client policy could be edited any more. */
function requireNoForeignPolicy({ snapshot }: RemovalFacts): void {
  const names = ownScopes(snapshot).map(({ name }) => name);
  for (const { name, conditions } of snapshot.clientPolicies) {
    if (name.startsWith('mcpkc-')) continue;
    const named = (conditions ?? []).flatMap(({ configuration }) =>
      Array.isArray(configuration?.scopes) ? configuration.scopes.map(String) : [],
    );
    const scope = named.find((one) => names.includes(one));
    if (scope === undefined) continue;
    const message = `The client scope '${scope}' is named by the client policy '${name}'.`;
    const fix =
      'Take it out there (Realm settings, Client policies): once the scope is gone, no client policy of the realm could be edited.';
    throw new McpkcError('SCOPE_IN_POLICY', message, fix);
  }
}

async function reservations(
  facts: RemovalFacts,
  { realm, target }: DesiredAccount,
  keycloak: Keycloak,
): Promise<Reservation[]> {
  const holders = holdersOf(facts.clients, ownScopes(facts.snapshot));
  const names = holders.slice(0, 20).map(({ clientId, name }) => (name ? `${clientId} (${name})` : clientId));
  const more = holders.length > 20 ? ` and ${holders.length - 20} more` : '';
  const lose =
    holders.length === 0
      ? []
      : [
          `${count(holders.length, 'client')} will lose the MCP servers: ${names.map(visible).join(', ')}${more}. ${sessionsSentence(holders, await readSessionStats(keycloak))}`,
        ];
  const master =
    realm === 'master' || target === 'master'
      ? ['This changes the realm master, which administers all others.']
      : [];
  const open = removalOf(facts).some(({ kind, action }) => kind === 'trusted-hosts' && action === 'delete')
    ? ['The Trusted Hosts policy goes, which mcpkc made: anybody may register a client again, as before.']
    : [];
  return [...lose, ...open, ...master].map((message) => ({ message }));
}

/** The parts that stay, each with the reason, as sentences. */
function staying(facts: RemovalFacts, { clientId }: DesiredAccount): string[] {
  const origin = accountOrigin(facts.account, ACCOUNT_CLIENT);
  const { kept = [] } = facts;
  return [
    kept.length === 0
      ? []
      : [`These roles stay, since somebody has them: ${listNames(kept)} (admin console, Realm roles).`],
    origin.kind === 'unproven'
      ? [
          `The client '${clientId}' stays, since nothing proves that it is mcpkc’s: ${origin.because.join('; ')}.`,
        ]
      : [],
    facts.record.state === 'none' && ownScopes(facts.snapshot).length > 0
      ? [
          'No record tells what was there before mcpkc 0.1.0: hosts of products stay trusted. In the admin console, Clients, Client registration, Trusted Hosts: remove those that nobody needs.',
        ]
      : [],
    [
      'Stored events stay as they are (Realm settings, Events), and so do clients that registered themselves.',
    ],
  ].flat();
}

/** The files of this user that stay, as sentences: those of the configuration, and those with secrets that mcpkc wrote elsewhere. */
async function findKeptFiles(
  { io }: Context,
  { files, clientKeyFile }: Config,
  { server, realm }: Keycloak,
): Promise<string[]> {
  const own = [files.credentials, clientKeyFile, files.config].filter((file) => file !== undefined);
  const state = stateFolder(io);
  const start = `${realmInFileName({ server, realm })}-`;
  const secrets = state === undefined ? [] : await io.files.list(`${state}/clients`).catch(() => []);
  const backup = state === undefined ? undefined : defaultBackup(io, { server, realm });
  const kept = [
    ...secrets.filter((name) => name.startsWith(start)).map((name) => `${state}/clients/${name}`),
    ...(backup !== undefined && (await io.files.exists(backup).catch(() => false)) ? [backup] : []),
  ];
  return [
    own.length === 0 ? [] : [`The files of the configuration stay: ${own.join(', ')}.`],
    kept.length === 0
      ? []
      : [`Files with secrets of clients stay, which nobody needs afterwards: ${kept.join(', ')}.`],
  ].flat();
}

function reportOf(
  { target }: AccountRealms,
  { clientId, realm: home }: DesiredAccount,
  plan: Plan<RemovalKind>,
  stays: string[],
  dryRun: boolean,
): Report {
  const { server, realm } = target;
  return {
    command: 'init',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource: null,
      scope: null,
      mode: null,
      changes: plan,
      applied: !dryRun,
      removed: true,
      account: { clientId, realm: home },
      stays,
    },
    text: (style) => removalText(realm, plan, stays, dryRun, style),
  };
}

function removalText(
  realm: string,
  plan: Plan,
  stays: readonly string[],
  dryRun: boolean,
  style: Style,
): string {
  const nothing = 'Nothing of mcpkc’s is in the realm.';
  return [
    `Removing mcpkc from realm ${style.bold(visible(realm))}\n`,
    plan.length === 0 ? '' : `\n${planText(plan, style)}`,
    `\n${outcomeLine(plan, dryRun, style, nothing)}\n`,
    // A person who agreed at a terminal has read it before.
    ...(style.isPlanKnown === true ? [] : stays.map((line) => `${wrap(visible(line), style.width)}\n`)),
  ].join('');
}
