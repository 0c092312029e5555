import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { type Config, requireRealm } from '../../config/config.ts';
import { parsePrivateKey } from '../../config/private-key.ts';
import { inputError, McpkcError } from '../../errors.ts';
import {
  type Administrator,
  administratorsFailure,
  connectAsAdministrator,
} from '../../keycloak/connection/admin-login.ts';
import { makeClientKey, publicPartOf } from '../../keycloak/connection/client-key.ts';
import { type AccountRealms, readAccount, readAccountSecret } from '../../keycloak/read/account.ts';
import { withdrawRegistrationToken } from '../../keycloak/write/registration-token.ts';
import { accountWriter } from '../../keycloak/write/write-account.ts';
import {
  ACCOUNT_CLIENT,
  accountReservations,
  type DesiredAccount,
  desiredAccount,
} from '../../plan/account/desired.ts';
import { planForAccount } from '../../plan/kinds/index.ts';
import { type AccountPlan, applyPlan, requireConsent } from '../../plan/plan.ts';
import { changeName } from '../../plan/text.ts';
import { type AccountSnapshot, accountOrigin, hasOwnKey, isBuiltIn, isSealed } from '../../realm/account.ts';
import { administratorOf, askAgain, noAdministratorError } from './administrator.ts';
import { announceEvents } from './announce.ts';
import type { InitOptions } from './command.ts';
import {
  type KeyFile,
  keyPathOf,
  type Proof,
  planFiles,
  requireFilesConsent,
  unaskedFiles,
  writeFiles,
} from './files.ts';
import { findServer } from './find-server.ts';
import { proveAccount, warnOfOverrides } from './prove.ts';
import { removeEverything } from './remove.ts';
import { type Outcome, reportOf } from './report.ts';

/** Events that are kept for less would be gone before anybody looks. */
const SHORTEST_MS = 3_600_000;

/** `mcpkc init`: makes or repairs the account and writes the files that the other commands read. */
export async function setUpAccount(context: Context, flags: InitOptions): Promise<Report> {
  const read = await context.config({ newFiles: true });
  const account = wishOf(read, flags);
  const config = await findServer(context, read, flags.dryRun === true);
  const administrator = await administratorOf(context, config, flags);
  if (administrator === undefined) return withoutAdministrator(context, config, account, flags);
  if (config.refusals.administrator !== undefined) throw config.refusals.administrator;
  try {
    return await asAdministrator(context, config, account, administrator, flags);
  } catch (error) {
    throw administratorsFailure(error, administrator, account.target, account.realm);
  }
}

function wishOf(config: Config, flags: InitOptions): DesiredAccount {
  const target = requireRealm(config);
  const retentionMs = flags.events;
  if (retentionMs !== undefined && retentionMs < SHORTEST_MS) {
    throw inputError('--events', 'events have to be kept for an hour at least', 'Write a time like 30d.');
  }
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

/** With `--dry-run` the plan from nothing, for those who paste it themselves; else CONFIG_MISSING. */
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
  wish: DesiredAccount,
  administrator: Administrator,
  flags: InitOptions,
): Promise<Report> {
  const { io, signal } = context;
  const places = { home: wish.realm, target: wish.target };
  const realms = await askAgain(context, administrator, (given) =>
    connectAsAdministrator(given, places, config, io, signal),
  );
  if (flags.remove === true) return removeEverything(context, realms, wish, flags);
  const found = await readAccount(realms, wish, wish.events !== undefined);
  const { signedIn: account, proof: byKey } = await withSignIn(context, config, wish, found, flags);
  const planned = planForAccount(account, found);
  const proof = byKey ?? { secret: await keptSecret(realms, found, planned) };
  const files = await planFiles(context, config, account, proof);
  const outcome: Outcome = {
    account,
    snapshot: found,
    plan: planned,
    files,
    keyPath: pathOf(context, proof),
    dryRun: flags.dryRun === true,
    administrator,
  };
  if (outcome.dryRun) return reportOf(context, config, outcome);
  if (planned.length > 0) requireConsent(accountReservations(account, found), flags.yes === true);
  const asked = await unaskedFiles(context, files, await secretMadeAnewOnce(realms, account, found));
  await requireFilesConsent(context, asked, flags.force === true);
  const snapshot = await ownedAccount(realms, account, found);
  const plan = planForAccount(account, snapshot);
  if (plan.length > 0) requireConsent(accountReservations(account, snapshot), flags.yes === true);
  announceEvents(context, account, plan);
  const now = await apply(context, realms, account, plan, snapshot);
  const proven = byKey ?? { secret: await requireSecret(realms, now) };
  const written = await planFiles(context, config, account, proven);
  await writeFiles(context, written);
  context.voice.progress('Signing in as the account');
  await proveAccount(context, config, account, proven);
  await warnOfOverrides(context, config, account, proven);
  return reportOf(context, config, { ...outcome, plan, snapshot: now, files: written });
}

/**
 * How the account signs in: as a flag says, else as it does. An account with a key keeps the one whose private part is
 * here (KC_CLIENT_KEY_FILE, or the file that `init --key` makes); `proof` is that one or a new one, undefined for a secret.
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
  const keys = { next: made.jwks, held: held && (await publicPartOf(held.pem)) };
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

/** Whether a plan gives the account a new key. */
function madeKey(plan: AccountPlan): boolean {
  return plan.some(({ kind, after }) => kind === 'service-account' && after !== null && 'key' in after);
}

function pathOf(context: Context, proof: Proof | undefined): string {
  return proof !== undefined && 'key' in proof ? proof.key.path : keyPathOf(context);
}

/**
 * The account once nobody but an administrator can change it: where it is to be repaired, its registration access token
 * is withdrawn, and then it is read again and judged. One that is made or made anew has no such token.
 */
async function ownedAccount(
  realms: AccountRealms,
  account: DesiredAccount,
  found: AccountSnapshot,
): Promise<AccountSnapshot> {
  const { client } = found;
  if (!client || accountOrigin(found, ACCOUNT_CLIENT).kind !== 'administrator') return found;
  await withdrawRegistrationToken(realms.home, client);
  return readAccount(realms, account, account.events !== undefined);
}

/** The secret of an account of 0.1.0, which is made anew without being asked for. */
async function secretMadeAnewOnce(
  { home }: AccountRealms,
  { rotate }: DesiredAccount,
  found: AccountSnapshot,
): Promise<string | undefined> {
  if (rotate || accountOrigin(found, ACCOUNT_CLIENT).kind !== 'administrator' || isSealed(found))
    return undefined;
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

/** Writes the plan and reads back: what is then still to do was not kept. */
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
  const now = await readAccount(realms, account, account.events !== undefined);
  const keys = account.keys && {
    ...account.keys,
    held: madeKey(plan) ? account.keys.next : account.keys.held,
  };
  const rest = planForAccount({ ...account, rotate: false, keys }, now);
  if (rest.length === 0) return now;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    `Keycloak did not keep everything that was written: ${rest.map(changeName).join('; ')}.`,
    'Somebody else edits the account at the same time; run the command again.',
  );
}
