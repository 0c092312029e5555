import type { Preset } from '../clients/preset.ts';
import type { Context, Flags } from '../command.ts';
import type { Config } from '../config/load.ts';
import { McpkcError } from '../errors.ts';
import { applyAndVerify } from '../keycloak/apply.ts';
import type { Keycloak } from '../keycloak/connect.ts';
import { holderOf } from '../keycloak/lock.ts';
import { type RealmSnapshot, readRealm, scopeNamed } from '../keycloak/snapshot.ts';
import { type Change, type Plan, requireConsent } from '../plan.ts';
import type { Desired, Mode, RealmList } from '../provision/desired.ts';
import {
  commonReservations,
  requireNoWindow,
  resourceFor,
  scopeWish,
  wantedPresets,
} from '../provision/input.ts';
import { given, type Provisioning, provisioned, withdrawn } from '../provision/provisioned.ts';
import {
  isAudienceScope,
  listFor,
  modeOf,
  requireOwnScope,
  scopeNameFor,
} from '../provision/scope-choice.ts';
import { changeName } from '../render/plan.ts';
import { modeSentence, provisioningText } from '../render/provisioning.ts';
import type { Report } from '../report.ts';
import { realmListOf } from '../resources/default-scope.ts';
import { planFor } from '../resources/index.ts';
import { existingHolders } from './existing-clients.ts';
import { requireClients } from './named-clients.ts';
import { staticClients } from './static-clients.ts';
import { freeOwnAccount, requireStrictMode } from './userless.ts';

/** What a command knows once its flags are read: products, resource, scope, and the realm as it is. */
export interface Subject {
  config: Config;
  keycloak: Keycloak;
  presets: Preset[];
  resource: string;
  scope: string;
  mode: Mode;
  list: RealmList;
  snapshot: RealmSnapshot;
}

const names = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** `create-scope` without `--remove`: provisions a resource, or repairs it. */
export async function changeScope(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  flags: Flags,
): Promise<Report> {
  const resource = resourceFor(config, flags.resource as string | undefined);
  const presets = wantedPresets(config, flags.preset);
  const named = [...names(flags.client), ...names(flags.detach)];
  const account = config.clientId ?? '';
  const snapshot = await readRealm(keycloak, [...named, ...config.audiences.clients, account]);
  const wish = scopeWish(config, resource, flags);
  const scope = scopeNameFor(wish, snapshot);
  if (flags.replaceAudience !== true) requireOwnScope(scope, wish, snapshot);
  requireNoWindow(scope, resource, snapshot);
  requireClients(snapshot, named);
  const subject: Subject = {
    config,
    keycloak,
    presets,
    resource,
    scope,
    snapshot,
    ...modeAndList(scope, snapshot, flags),
  };
  if (flags.rejectUserless === true) await requireStrictMode(keycloak);
  const desired = await desiredFor(context, subject, flags);
  const freed = freeOwnAccount(subject);
  const first = planFor(freed, snapshot);
  const plan = [
    ...first,
    ...planFor(desired, snapshot).filter(
      (change) => !first.some(({ key, kind }) => key === change.key && kind === change.kind),
    ),
  ];
  warnOfScopes(context, subject);
  if (flags.dryRun !== true && plan.length > 0) {
    requireConsent(
      [...reservations(subject, flags, plan), ...commonReservations(keycloak.realm, plan)],
      flags.yes === true,
    );
    await apply(context, subject, [
      { desired: freed, plan: first },
      { desired, plan: plan.slice(first.length) },
    ]);
  }
  return report(subject, plan, flags.dryRun === true);
}

function modeAndList(scope: string, snapshot: RealmSnapshot, flags: Flags): { mode: Mode; list: RealmList } {
  const found = scopeNamed(snapshot, scope);
  if (flags.attach === 'none') return { mode: 'windowed', list: 'none' };
  if (flags.attach === 'default' || flags.attach === 'optional')
    return { mode: 'standing', list: flags.attach };
  const mode = found ? modeOf(found, snapshot) : 'standing';
  // A scope that is in neither list and was never marked is one that somebody began: create-scope makes it standing.
  const begun = found && found.attributes['mcpkc.mode'] === undefined && mode === 'windowed';
  return begun
    ? { mode: 'standing', list: 'default' }
    : { mode, list: listFor(mode, realmListOf(snapshot, scope)) };
}

async function desiredFor(context: Context, subject: Subject, flags: Flags): Promise<Desired> {
  const { scope, resource, mode, list, presets, snapshot } = subject;
  const find = (clientId: string) => snapshot.clients.find((client) => client.clientId === clientId);
  const why = 'as named with --client';
  const attached = names(flags.client).map((clientId) => given(find(clientId), clientId, scope, why));
  const detached = names(flags.detach).map((clientId) =>
    withdrawn(find(clientId), clientId, scope, 'as named with --detach'),
  );
  const fixed = staticClients(subject, flags.createStatic === true, (warning) => context.voice.warn(warning));
  const existing = await existingHolders(
    context,
    subject,
    wantsExisting(subject, flags),
    flags.pkcePolicy !== false,
  );
  const explicit = [...attached, ...detached, ...fixed];
  const taken = new Set(explicit.map(({ assignment }) => assignment.clientId));
  const input: Provisioning = {
    scope,
    resource,
    mode,
    list,
    presets,
    pkce: flags.pkcePolicy !== false,
    rejectUserless: flags.rejectUserless === true,
    assignments: [
      ...explicit.map(({ assignment }) => assignment),
      ...existing.filter(({ clientId }) => !taken.has(clientId)),
    ],
    clients: explicit.map(({ mark }) => mark),
  };
  return provisioned(input);
}

/** On while this is the realm's only audience scope and everybody may have it; else each connector keeps its own. */
function wantsExisting({ mode, scope, snapshot }: Subject, flags: Flags): boolean {
  if (typeof flags.existing === 'boolean') return flags.existing;
  return mode === 'standing' && !snapshot.scopes.some((one) => one.name !== scope && isAudienceScope(one));
}

function reservations({ scope, resource, snapshot }: Subject, flags: Flags, plan: Plan) {
  const replaced = plan.find(({ kind, action }) => kind === 'audience-mapper' && action === 'update');
  if (flags.replaceAudience !== true || !replaced || !scopeNamed(snapshot, scope)) return [];
  return [
    {
      message: `The scope '${scope}' carries another server's audience. Its clients lose that and get ${resource}.`,
    },
  ];
}

/** Says which of the scopes that a product asks for this realm doesn't offer: its sign-in would be refused. */
function warnOfScopes(context: Context, { presets, snapshot }: Subject): void {
  const offered = [...snapshot.defaultScopes, ...snapshot.optionalScopes];
  for (const { title, requestedScopes } of presets) {
    const missing = requestedScopes.filter((scope) => !offered.includes(scope));
    if (missing.length === 0) continue;
    context.voice.warn(
      `${title} asks for the scopes ${missing.join(', ')}, which are neither default nor optional client scopes of this realm: its sign-in ends in invalid_scope. Add them under Realm settings or Client scopes.`,
    );
  }
}

async function apply(
  context: Context,
  { keycloak, snapshot }: Subject,
  stages: readonly { desired: Desired; plan: Plan }[],
): Promise<void> {
  const { io, signal, voice } = context;
  const onApplied = (change: Change) => voice.progress(changeName(change));
  let now = snapshot;
  for (const { desired, plan } of stages) {
    now = await applyAndVerify(keycloak, plan, desired, now, {
      io,
      holder: holderOf(io, 'create-scope'),
      signal,
      onApplied,
    });
  }
}

function report({ keycloak, resource, scope, mode, list }: Subject, plan: Plan, dryRun: boolean): Report {
  const { server, realm } = keycloak;
  const next = [modeSentence(mode, list)];
  if (!dryRun) next.push(`Next: mcpkc validate ${resource}`);
  const answer = { server, realm, resource, scope, mode, plan, dryRun, next };
  return {
    command: 'create-scope',
    exitStatus: dryRun && plan.length > 0 ? 1 : 0,
    server,
    realm,
    document: { resource, scope, mode, changes: plan, applied: !dryRun },
    text: (style) => provisioningText(answer, style),
  };
}

/** Throws SCOPE_NOT_FOUND (exit status 2) where a resource has no scope in the realm. */
export function requireScope(snapshot: RealmSnapshot, scope: string, resource: string) {
  const found = scopeNamed(snapshot, scope);
  if (found) return found;
  const message = `There is no client scope '${scope}' for ${resource} in realm '${snapshot.realm}'.`;
  throw new McpkcError('SCOPE_NOT_FOUND', message, `Make it: mcpkc create-scope --resource ${resource}`);
}
