import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { type Config, requireRealm } from '../../config/config.ts';
import { rememberFolder } from '../../config/own-folder.ts';
import { parsePrivateKey } from '../../config/private-key.ts';
import { inputError, McpkcError } from '../../errors.ts';
import {
  type Administrator,
  administratorsFailure,
  connectRealms,
  signInAsAdministrator,
} from '../../keycloak/connection/admin-login.ts';
import { derivePublicPart, makeClientKey } from '../../keycloak/connection/client-key.ts';
import { type AccountRealms, readAccount, readAccountSecret } from '../../keycloak/read/account.ts';
import { askAddress } from '../../keycloak/read/server-there.ts';
import { revokeRegistrationToken } from '../../keycloak/write/registration-token.ts';
import { accountWriter } from '../../keycloak/write/write-account.ts';
import { isLoopback } from '../../names/loopback.ts';
import { canonicalResource } from '../../names/resource-url.ts';
import {
  ACCOUNT_CLIENT,
  accountReservations,
  type DesiredAccount,
  desiredAccount,
  isOwnKeyHeld,
} from '../../plan/account/desired.ts';
import { agreeTo } from '../../plan/agree.ts';
import { planForAccount } from '../../plan/kinds/index.ts';
import { type AccountPlan, applyPlan, changesOf, type Reservation, requireConsent } from '../../plan/plan.ts';
import { readBack } from '../../plan/read-back.ts';
import { changeName } from '../../plan/text.ts';
import { type AccountSnapshot, accountOrigin, hasOwnKey, isBuiltIn, isSealed } from '../../realm/account.ts';
import { PRUNING_NEEDS_MS } from '../../realm/events.ts';
import { count } from '../../text.ts';
import { askAgain, chooseAdministrator, noAdministratorError } from './administrator.ts';
import { announceEvents } from './announce.ts';
import type { InitOptions } from './command.ts';
import {
  type FilePlan,
  type KeyFile,
  keyPathOf,
  listUnaskedFiles,
  type Proof,
  planFiles,
  requireFilesConsent,
  writeFiles,
} from './files.ts';
import { findServer } from './find-server.ts';
import {
  askEvents,
  askForRealm,
  askResource,
  askServer,
  filesQuestion,
  isGuided,
  learn,
  type ServerLook,
} from './guide.ts';
import { offerIgnoring } from './ignore-file.ts';
import { proveAccount, warnOfOverrides } from './prove.ts';
import { removeEverything } from './remove.ts';
import { type InitOutcome, reportOf } from './report.ts';

/** Events that are kept for less would be gone before anybody looks. */
const SHORTEST_MS = 3_600_000;

/** The server and realm, who is signed in, and whether somebody is asked. */
interface Session {
  administrator: Administrator;
  realms: AccountRealms;
  guided: boolean;
  /** The answer at the MCP server’s URL. */
  look?: ServerLook;
}

/** `mcpkc init`: makes or repairs the account and writes the files that the other commands read. */
export async function setUpAccount(
  context: Context,
  resource: string | undefined,
  flags: InitOptions,
): Promise<Report> {
  const read = withResource(await context.config({ newFiles: true }), resource);
  requireLongEnough(flags.events);
  const guided = isGuided(context, flags);
  // Nothing can be planned without a realm; at a terminal it is chosen once somebody is signed in.
  if (!guided) requireAllNamed(context, read, flags);
  if (!guided || read.realm !== undefined) wishOf(read, flags);
  const located = guided
    ? await askServer(context, read)
    : await findServer(context, read, flags.dryRun === true);
  const administrator = await chooseAdministrator(context, located, flags);
  if (administrator === undefined)
    return withoutAdministrator(context, located, wishOf(located, flags), flags);
  if (located.refusals.administrator !== undefined) throw located.refusals.administrator;
  const target = located.realm ?? administrator.realm;
  try {
    const signedIn = await askAgain(context, administrator, (given) =>
      signInAsAdministrator(given, located, context.io, context.signal),
    );
    const chosen = guided ? await askForRealm(context, located, signedIn, administrator.realm) : located;
    const faced = await withIssuer(context, chosen);
    const { config, look } =
      guided && flags.yes !== true ? await askResource(context, faced) : { config: faced };
    const wish = wishOf(config, flags);
    const places = { home: wish.realm, target: wish.target };
    const realms = await connectRealms(signedIn, places);
    return await asAdministrator(context, config, wish, { administrator, realms, guided, look }, flags);
  } catch (error) {
    throw administratorsFailure(error, administrator, target, located.adminRealm ?? target);
  }
}

/** The configuration with the MCP server that the command line names. */
function withResource(config: Config, resource: string | undefined): Config {
  if (resource === undefined) return config;
  return learn(config, { transportUrl: canonicalResource(resource, { bareHost: true }) }, [
    'MCP_TRANSPORT_URL',
  ]);
}

/**
 * The configuration with the realm’s issuer as its own metadata names it, where nothing else does: tokens hold it and
 * people see it. A loopback address is no public issuer: a Keycloak that doesn’t know its own name yet answers with
 * that.
 */
async function withIssuer(context: Context, config: Config): Promise<Config> {
  const { hostname, realm, server } = config;
  if (hostname !== undefined || realm === undefined || config.originOf('KC_ISSUER') !== undefined)
    return config;
  const address = `${server}/realms/${encodeURIComponent(realm)}/.well-known/openid-configuration`;
  const answer = await askAddress(address, config, context.io, context.signal);
  if (answer.kind === 'failure' || answer.status !== 200) return config;
  const issuer = issuerIn(answer.body);
  if (issuer === undefined || issuer === config.issuer || isLoopback(new URL(issuer))) return config;
  return { ...learn(config, {}, ['KC_ISSUER']), issuer };
}

function issuerIn(body: string): string | undefined {
  try {
    const { issuer } = JSON.parse(body) as { issuer?: unknown };
    return typeof issuer === 'string' && URL.canParse(issuer) ? issuer : undefined;
  } catch {
    return undefined;
  }
}

/** CONFIG_MISSING (exit status 2) with everything that is missing at once, where nobody can be asked. */
function requireAllNamed({ io }: Context, config: Config, flags: InitOptions): void {
  if (config.realm !== undefined || config.files.config !== undefined) return;
  const isNamed =
    flags.adminTokenFile !== undefined ||
    flags.adminPasswordFile !== undefined ||
    ['KC_BOOTSTRAP_ADMIN_PASSWORD', 'KC_BOOTSTRAP_ADMIN_CLIENT_SECRET'].some((name) => io.env[name]);
  const missing = [
    ...(config.originOf('KC_SERVER') === undefined ? ['Keycloak’s address (--server or KC_SERVER)'] : []),
    'the realm (--realm or KC_REALM)',
    ...(isNamed || flags.dryRun === true ? [] : ['an administrator, who signs in once (--admin-user)']),
  ];
  const how = [
    flags.remove === true ? '--remove --yes ' : '',
    flags.dryRun === true ? '--dry-run' : '--admin-user <name> --admin-password-file <file>',
  ].join('');
  throw new McpkcError(
    'CONFIG_MISSING',
    `mcpkc is not set up here, and nobody can be asked. Missing: ${missing.join('; ')}.`,
    `At a terminal mcpkc init asks for all of it. In a script:\nmcpkc init --server <url> --realm <name> `.concat(
      how,
    ),
    { details: { missing: ['KC_SERVER', 'KC_REALM', '--admin-user'] } },
  );
}

function requireLongEnough(retentionMs: number | undefined): void {
  if (retentionMs === undefined || retentionMs >= SHORTEST_MS) return;
  throw inputError('--events', 'events have to be kept for an hour at least', 'Write a time like 30d.');
}

function wishOf(config: Config, flags: InitOptions): DesiredAccount {
  const target = requireRealm(config);
  const retentionMs = flags.events;
  const realm = config.adminRealm ?? target;
  if (config.clientId !== undefined && isBuiltIn(config.clientId, realm)) {
    const problem = `'${config.clientId}' is a client that Keycloak itself needs`;
    throw inputError('KC_CLIENT_ID', problem, 'Name one of its own, or leave it out: mcpkc');
  }
  return desiredAccount({
    clientId: config.clientId,
    target,
    realm,
    readOnly: flags.readOnly === true,
    revoke: flags.revoke === true,
    exact: flags.exact === true,
    rotate: flags.rotateSecret === true,
    retentionMs,
  });
}

/** The plan from nothing with `--dry-run`, for those who paste it themselves; else CONFIG_MISSING. */
async function withoutAdministrator(
  context: Context,
  config: Config,
  account: DesiredAccount,
  flags: InitOptions,
): Promise<Report> {
  if (flags.dryRun !== true || flags.remove === true) {
    throw noAdministratorError(
      'init signs in once as an administrator, and no administrator is named.',
      account.target,
      flags.remove === true,
    );
  }
  const snapshot: AccountSnapshot = {
    realm: account.realm,
    roleClient: account.roleClient,
    client: undefined,
    roles: [],
    passed: [],
    scopes: [],
    events: { enabled: false, types: [], expirationMs: undefined, some: false },
  };
  const { signedIn, proof } = await withSignIn(context, config, account, snapshot, flags);
  const plan = planForAccount({ ...signedIn, rotate: false }, snapshot);
  const files = await planFiles(context, config, signedIn, proof ?? { secret: undefined });
  return reportOf(context, config, {
    account: signedIn,
    snapshot,
    plan,
    files,
    keyPath: pathOf(context, proof),
    dryRun: true,
    administrator: undefined,
  });
}

async function asAdministrator(
  context: Context,
  config: Config,
  given: DesiredAccount,
  { administrator, realms, guided, look }: Session,
  flags: InitOptions,
): Promise<Report> {
  if (flags.remove === true) return removeEverything(context, realms, given, { config, flags });
  const asksEvents = guided && given.events === undefined && flags.yes !== true && flags.readOnly !== true;
  const found = await readAccount(realms, given, given.events !== undefined || asksEvents);
  const wish = asksEvents ? await withEvents(context, given, found) : given;
  const { signedIn: account, proof: byKey } = await withSignIn(context, config, wish, found, flags);
  const planned = planForAccount(account, found);
  const proof = byKey ?? { secret: await keptSecret(realms, found, planned) };
  const files = await planFiles(context, config, account, proof);
  const outcome: InitOutcome = {
    account,
    snapshot: found,
    plan: planned,
    files,
    keyPath: pathOf(context, proof),
    dryRun: flags.dryRun === true,
    administrator,
  };
  if (outcome.dryRun) return reportOf(context, config, outcome);
  const asks = guided && flags.yes !== true;
  const reserved = planned.length > 0 ? accountReservations(account, found) : [];
  if (asks) await agree(context, config, planned, { files, reserved });
  else requireConsent(reserved, flags.yes === true);
  const oldSecret = await secretMadeAnew(realms, account, found);
  const asked = await listUnaskedFiles(
    context,
    files,
    oldSecret,
    account.rotate && isOwnKeyHeld(account, found),
  );
  if (!asks) await requireFilesConsent(context, asked, flags.force === true);
  const snapshot = await ownedAccount(realms, account, found);
  const plan = planForAccount(account, snapshot);
  const reservedNow = plan.length > 0 ? accountReservations(account, snapshot) : [];
  if (!asks) requireConsent(reservedNow, flags.yes === true);
  else if (planNames(plan) + messagesOf(reservedNow) !== planNames(planned) + messagesOf(reserved))
    await agree(context, config, plan, { files, reserved: reservedNow });
  if (!asksEvents) announceEvents(context, account, plan);
  const now = await apply(context, realms, account, plan, snapshot);
  const proven = byKey ?? { secret: await requireSecret(realms, now) };
  const written = await planFiles(context, config, account, proven);
  await writeFiles(context, written);
  const { server, caFile, allowHttp } = config;
  if (context.named.credentials === undefined && context.named.config === undefined)
    await rememberFolder(context.io, { server, caFile, allowHttp });
  context.voice.progress('Signing in as the account');
  await proveAccount(context, config, account, proven);
  await warnOfOverrides(context, config, account, proven);
  context.voice.progress(undefined);
  const ignored = guided ? await offerIgnoring(context, written) : undefined;
  return reportOf(context, config, {
    ...outcome,
    plan,
    snapshot: now,
    files: written,
    ignored,
    look,
  });
}

const messagesOf = (reserved: readonly Reservation[]): string =>
  reserved.map(({ message }) => message).join('\n');

const planNames = (plan: AccountPlan): string => plan.map(changeName).join('\n');

/** The wish with events that somebody agrees to; as it was where the realm stores them already. */
async function withEvents(
  context: Context,
  wish: DesiredAccount,
  found: AccountSnapshot,
): Promise<DesiredAccount> {
  const usual = { ...wish, events: { retentionMs: PRUNING_NEEDS_MS } };
  const [change] = changesOf(planForAccount(usual, found), 'events');
  if (change === undefined) return wish;
  const retentionMs = await askEvents(context, wish.target);
  return retentionMs === undefined ? wish : { ...wish, events: { retentionMs } };
}

/** Shows the writes, here and in Keycloak, and asks once; CONSENT_NEEDED (exit status 5) where nobody agrees. */
async function agree(
  context: Context,
  { server }: Config,
  plan: AccountPlan,
  { files, reserved }: { files: readonly FilePlan[]; reserved: readonly Reservation[] },
): Promise<void> {
  const writes = files.some(({ action }) => action !== 'none');
  if (plan.length === 0 && !writes) return;
  const doing =
    plan.length > 0 ? `Make ${count(plan.length, 'change')} in Keycloak` : 'Change nothing in Keycloak';
  await agreeTo(context, { server, plan, reserved, question: `${doing}${filesQuestion(files)}?` });
}

/**
 * The account's way to sign in: by the flag, else as it does. An account with a key keeps the one whose private part is
 * here (KC_CLIENT_KEY_FILE, or the file that `init --key` makes). `proof` is that one or a new one, undefined for a
 * secret.
 */
async function withSignIn(
  context: Context,
  config: Config,
  wish: DesiredAccount,
  found: AccountSnapshot,
  flags: InitOptions,
): Promise<{ signedIn: DesiredAccount; proof: { key: KeyFile } | undefined }> {
  const { client } = found;
  const isKey =
    accountOrigin(found, ACCOUNT_CLIENT).kind === 'administrator' &&
    client?.clientAuthenticatorType === 'client-jwt' &&
    hasOwnKey(client);
  if (!(flags.key === true || (flags.key !== false && isKey))) return { signedIn: wish, proof: undefined };
  const [held, made] = await Promise.all([heldKey(context, config), makeClientKey()]);
  const keys = { next: made.jwks, held: held && (await derivePublicPart(held.pem)) };
  const signedIn: DesiredAccount = { ...wish, signIn: 'key', keys };
  const stays = held !== undefined && !madeKey(planForAccount(signedIn, found));
  const key = stays ? held : { path: keyPathOf(context), pem: made.pem, isNew: true };
  return { signedIn, proof: { key } };
}

/** The private key that is here, be it the account's or not. */
async function heldKey(context: Context, config: Config): Promise<KeyFile | undefined> {
  const path = keyPathOf(context);
  const { clientKey, clientKeyFile } = config;
  if (clientKey !== undefined) return { path: clientKeyFile ?? path, pem: clientKey, isNew: false };
  const pem = await context.io.files.read(path).catch(() => undefined);
  if (pem === undefined) return undefined;
  try {
    parsePrivateKey(pem);
    return { path, pem, isNew: false };
  } catch {
    return undefined;
  }
}

/** Whether a plan assigns the account a new key. */
function madeKey(plan: AccountPlan): boolean {
  return plan.some(({ kind, after }) => kind === 'service-account' && after !== null && 'key' in after);
}

function pathOf(context: Context, proof: Proof | undefined): string {
  return proof !== undefined && 'key' in proof ? proof.key.path : keyPathOf(context);
}

/**
 * The account once nobody but an administrator can change it. Where it is to be repaired, its registration access token
 * is revoked, and then it is read again and judged. One that is made or made anew has no such token.
 */
async function ownedAccount(
  realms: AccountRealms,
  account: DesiredAccount,
  found: AccountSnapshot,
): Promise<AccountSnapshot> {
  const { client } = found;
  if (!client || accountOrigin(found, ACCOUNT_CLIENT).kind !== 'administrator') return found;
  await revokeRegistrationToken(realms.home, client);
  return readAccount(realms, account, account.events !== undefined);
}

/** The secret that is made anew: by `--rotate-secret`, or of an account of 0.1.0 without being asked for. */
async function secretMadeAnew(
  { home }: AccountRealms,
  { rotate }: DesiredAccount,
  found: AccountSnapshot,
): Promise<string | undefined> {
  if (accountOrigin(found, ACCOUNT_CLIENT).kind !== 'administrator') return undefined;
  if (!rotate && isSealed(found)) return undefined;
  return found.client && readAccountSecret(home, found.client.id);
}

/** The secret that stays, where the plan makes none. */
async function keptSecret(
  { home }: AccountRealms,
  { client }: AccountSnapshot,
  plan: AccountPlan,
): Promise<string | undefined> {
  const anew = plan.some(
    ({ kind, action, after }) =>
      kind === 'service-account' && (action === 'create' || (after !== null && 'secret' in after)),
  );
  if (anew || !client || client.publicClient === true) return undefined;
  return readAccountSecret(home, client.id);
}

async function requireSecret({ home }: AccountRealms, { client }: AccountSnapshot): Promise<string> {
  const found = client && (await readAccountSecret(home, client.id));
  if (client === undefined || found) return found ?? '';
  // A client that was public, or authenticated by a key, has no secret until one is made.
  const { value } = await home.create(
    { what: `make a secret for '${client.clientId}'`, role: 'manage-clients' },
    (admin) => admin.clients.generateNewClientSecret({ id: client.id }),
  );
  return value ?? '';
}

/** Writes the plan and reads back: changes that are then still to do were not kept. */
async function apply(
  { voice, signal }: Context,
  realms: AccountRealms,
  account: DesiredAccount,
  plan: AccountPlan,
  snapshot: AccountSnapshot,
): Promise<AccountSnapshot> {
  if (plan.length === 0) return snapshot;
  await applyPlan(plan, accountWriter(realms, account, snapshot.client?.id), signal, (change) =>
    voice.progress(changeName(change)),
  );
  const keys = account.keys && {
    ...account.keys,
    held: madeKey(plan) ? account.keys.next : account.keys.held,
  };
  return readBack(
    'account',
    () => readAccount(realms, account, account.events !== undefined),
    (now) => planForAccount({ ...account, rotate: false, keys }, now),
  );
}
