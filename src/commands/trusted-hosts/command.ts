import {
  type Command,
  type Context,
  defineWriting,
  list,
  Option,
  type WritingOptions,
} from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { inputError } from '../../errors.ts';
import { connect, type Keycloak } from '../../keycloak/connection/connect.ts';
import { readClientsNamedLike } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { writeRecord } from '../../keycloak/write/record.ts';
import { normaliseHost } from '../../names/host-name.ts';
import { nearMiss } from '../../names/nearest.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Desired } from '../../plan/desired.ts';
import { requireEditablePolicies } from '../../plan/editable-policies.ts';
import { hardenFor, hostOfUri, REALM_WIDE } from '../../plan/hardening.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { prepareRecord } from '../../plan/leftovers.ts';
import { listStrangeHosts } from '../../plan/ownership.ts';
import { planStatus, type RealmPlan, type Reservation } from '../../plan/plan.ts';
import { originsFor } from '../../plan/provisioned.ts';
import { commonReservations } from '../../plan/reservations.ts';
import { planResourceClient, withResourceClient } from '../../plan/resource-client.ts';
import { trustedHostsText } from '../../plan/trusted-hosts-text.ts';
import { customPresets } from '../../products/custom.ts';
import { PRESETS } from '../../products/index.ts';
import { patternProblem } from '../../products/pattern.ts';
import type { Preset } from '../../products/preset.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { isAudienceScope, resourceOf } from '../../realm/mcp-scope.ts';
import { OWN_POLICY, patternsOf } from '../../realm/own-policies.ts';
import { type Entry, entriesOf, NO_RECORD, type RealmRecord } from '../../realm/record.ts';
import { readablePattern } from '../../realm/redirect-patterns.ts';
import { hostsOf, trustedHostNames } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../../realm/snapshot.ts';
import { count, listNames, visible } from '../../text.ts';

/** The flags of `mcpkc trusted-hosts`. */
export type TrustedHostsOptions = WritingOptions & {
  list?: true;
  add?: string[];
  remove?: string[];
  preset?: string[];
  close?: true;
  /** Whether to harden; false with `--no-harden`. */
  harden: boolean;
};

/** `mcpkc trusted-hosts` */
export const trustedHosts: Command<TrustedHostsOptions> = {
  define(command) {
    command
      .description('List, add or remove the hosts whose clients may register without a token.')
      .option('--list', 'list them (what happens without a flag)')
      .option(
        '--add <host>',
        'add a host, where anything may then be registered, or one redirect URI …; the match flags stay as they are',
        list,
      )
      .option('--remove <host>', 'remove a host …', list)
      .option(
        '--preset <name>',
        'add a product’s hosts and redirect URIs … and set the match flags as it needs them',
        list,
      )
      .addOption(
        new Option(
          '--close',
          'trust no host and demand the sender’s: every registration is refused',
        ).conflicts(['add', 'remove', 'preset']),
      )
      .option(
        '--no-harden',
        'leave out what makes registration safer: PKCE, exact redirect URIs, no mappers, tokens for users alone',
      );
    defineWriting(command);
  },
  examples: [
    ['what is trusted now', 'mcpkc trusted-hosts'],
    ['let a product register', 'mcpkc trusted-hosts --preset vscode'],
    [
      'let your own tool redirect to one address',
      'mcpkc trusted-hosts --add https://tools.example.com/callback',
    ],
    ['add a whole host', 'mcpkc trusted-hosts --add tools.example.com'],
    ['refuse every registration again', 'mcpkc trusted-hosts --close'],
  ],
  changes:
    'The Trusted Hosts policy for anonymous registration, and nothing else in it than the hosts named; with --add and --preset also what makes registration safer.',
  exits: [
    [0, 'done, listed, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [5, 'another run holds the lock for too long, nobody agreed at the terminal, or --yes is needed'],
  ],
  async run(context, _args, flags) {
    const config = await context.config();
    const custom = customPresets(config.presets, config.files.config);
    const presets = resolvePresets(flags.preset ?? [], custom);
    const wish = wishOf(flags, presets);
    const keycloak = await connect(config, context.io, context.signal);
    const dryRun = flags.dryRun === true;
    // A list takes none of it.
    const record = isChange(flags, wish)
      ? await prepareRecord(context, keycloak, 'trusted-hosts', { dryRun })
      : NO_RECORD;
    const snapshot = await readRealm(keycloak);
    const wanted = { keycloak, snapshot, record, wish, flags, custom };
    const wished = await desiredFor(context, wanted);
    const { desired, reservations } = await holdingIds(context, wanted, wished);
    const plan = planFor(desired, snapshot);
    sayAbsent(context, wish, snapshot);
    if (wish.remove.length > 0 || flags.close === true) sayCutOff(context, wanted);
    await requireEditablePolicies(keycloak, plan, snapshot);
    if (!dryRun && plan.length === 0 && flags.close === true) await wishForNobody(keycloak, snapshot);
    if (dryRun || plan.length === 0) return report(keycloak, snapshot, plan, dryRun);
    sayWidth(context, wish, desired);
    await agreeToPlan(context, keycloak, {
      plan,
      reservations: [
        ...commonReservations(keycloak.realm, plan),
        ...closing(flags, snapshot, custom),
        ...reservations,
      ],
      yes: flags.yes === true,
    });
    const now = await apply(context, keycloak, plan, desired, snapshot);
    if (flags.close === true) await wishForNobody(keycloak, snapshot);
    return report(keycloak, now, plan, false);
  },
};

/** A host to remove; a lone `*` too, which is never added but may be there. */
function removable(text: string): string {
  return text === '*' ? text : normaliseHost(text);
}

/** The changes that the flags ask for. */
interface Wish {
  /** Hosts where anything may be registered. */
  hosts: string[];
  /** Single redirect URIs. */
  uris: string[];
  remove: string[];
  presets: readonly Preset[];
}

/** A redirect URI has a path; a URL without one names its host, as ever. */
function isRedirectUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+(?:\/[^?#]|[^?#]*\?)/i.test(text);
}

function redirectUri(text: string): string {
  const problem = patternProblem(text);
  if (problem === undefined) return text;
  throw inputError(
    '--add',
    `the redirect URI '${visible(text)}' ${problem}`,
    'Write it as the client registers it, or name its host alone.',
  );
}

function wishOf(flags: TrustedHostsOptions, presets: readonly Preset[]): Wish {
  const add = flags.add ?? [];
  const uris = add.filter(isRedirectUri).map(redirectUri);
  const hosts = add.filter((one) => !isRedirectUri(one)).map(normaliseHost);
  const remove = (flags.remove ?? []).map(removable);
  const all = [...hosts, ...uris.map(hostOfUri), ...presets.flatMap(({ trustedHosts }) => trustedHosts)];
  const both = remove.find((host) => all.includes(host));
  if (both !== undefined) {
    throw inputError('--remove', `${both} is to be added too`, 'Add the host or remove it.');
  }
  return { hosts, uris, remove, presets };
}

/** Whether anything is to be changed, rather than listed. */
function isChange({ close }: TrustedHostsOptions, { hosts, uris, remove, presets }: Wish): boolean {
  return close === true || [hosts, uris, remove, presets].flat().length > 0;
}

interface Wanted {
  keycloak: Keycloak;
  snapshot: RealmSnapshot;
  /** The realm's record, as it is before this run writes. */
  record: RealmRecord;
  wish: Wish;
  flags: TrustedHostsOptions;
  custom: readonly Preset[];
}

async function desiredFor(
  context: Context,
  { keycloak, snapshot, record, wish, flags, custom }: Wanted,
): Promise<Desired> {
  if (flags.close === true) {
    return { trustedHosts: { add: [], remove: [], close: true, createMissing: true } };
  }
  const { hosts, uris, remove, presets } = wish;
  const products = presets.flatMap(({ trustedHosts: all }) => all);
  const trustedHosts = {
    add: [...new Set([...hosts, ...uris.map(hostOfUri), ...products])],
    remove,
    createMissing: true,
    ...(presets.length > 0 ? { matchFlags: { sender: false, clientUris: true } } : {}),
  };
  if (trustedHosts.add.length + remove.length === 0) return { trustedHosts };
  const known = [...PRESETS, ...custom];
  const opening = { resource: undefined, scopes: [], presets, hosts, uris, removed: remove, known };
  const { desired, clients } = await hardenFor(context, opening, {
    keycloak,
    snapshot,
    record,
    command: 'trusted-hosts',
    // Flags that only remove hosts open nothing.
    wanted: flags.harden !== false && trustedHosts.add.length > 0,
    consent: flags.yes === true,
    dryRun: flags.dryRun === true,
  });
  return { ...desired, clients, trustedHosts, registrationOrigins: { add: originsFor(presets) } };
}

/** The MCP servers that the realm has an audience for. */
function serversIn(snapshot: RealmSnapshot): string[] {
  return [...new Set(snapshot.scopes.filter(isAudienceScope).flatMap((scope) => resourceOf(scope) ?? []))];
}

/**
 * The wish with the clients that hold the URLs of the realm's MCP servers: from now on strangers could take these client
 * ids. The client of somebody else in their place needs a person's word.
 */
async function holdingIds(
  context: Context,
  { keycloak, snapshot, record, flags }: Wanted,
  wished: Desired,
): Promise<{ desired: Desired; reservations: Reservation[] }> {
  const reservations: Reservation[] = [];
  let desired = wished;
  const { trustedHosts } = wished;
  if (trustedHosts === undefined || !('add' in trustedHosts) || trustedHosts.add.length === 0)
    return { desired, reservations };
  const servers = serversIn(snapshot);
  if (servers.length === 0) return { desired, reservations };
  snapshot.clients.push(...(await readClientsNamedLike(keycloak, servers)));
  for (const resource of servers) {
    const standIn = await planResourceClient({
      keycloak,
      snapshot,
      resource,
      command: 'trusted-hosts',
      asked: false,
      opens: true,
      record,
      consent: flags.yes === true,
      onPage: (read) => context.voice.progress(`${count(read, 'client')} read`),
    }).finally(() => context.voice.progress(undefined));
    for (const warning of standIn.warnings) context.voice.warn(warning);
    desired = withResourceClient(desired, standIn);
    reservations.push(...standIn.reservations);
  }
  return { desired, reservations };
}

/** Nobody is wanted any more, for any MCP server of the realm: a later one is asked for anew. */
async function wishForNobody(keycloak: Keycloak, snapshot: RealmSnapshot): Promise<void> {
  const wishes = entriesOf(await readRecord(keycloak), 'wanted');
  const servers = serversIn(snapshot);
  const since = new Date(keycloak.serverNow()).toISOString();
  const isOpen = (resource: string) =>
    wishes.find((wish) => wish.resource === resource)?.products.length !== 0;
  const remember = servers
    .filter(isOpen)
    .map((resource): Entry => ({ kind: 'wanted', resource, products: [], since }));
  await writeRecord(keycloak, { remember, forget: wishes.filter(({ resource }) => resource === REALM_WIDE) });
}

/** Hosts that are no known product’s were trusted by somebody for something: closing needs a person’s word. */
function closing(
  flags: TrustedHostsOptions,
  snapshot: RealmSnapshot,
  custom: readonly Preset[],
): Reservation[] {
  if (flags.close !== true) return [];
  const others = listStrangeHosts(snapshot, [...PRESETS, ...custom]);
  if (others.length === 0) return [];
  const names = others.map((host) => visible(host)).join(', ');
  return [
    { message: `${names} may register clients today and could not any more: no product that mcpkc knows.` },
  ];
}

/** Hosts to remove that no policy lists: nothing is done for them, and a slip of the keys would go unseen. */
function sayAbsent({ voice }: Context, { remove }: Wish, snapshot: RealmSnapshot): void {
  const listed = trustedHostNames(snapshot.registrationPolicies);
  for (const host of remove.filter((one) => !listed.includes(one))) {
    const near = nearMiss(host, listed);
    const meant = near === undefined ? '' : ` Did you mean ${visible(near)}?`;
    voice.warn(`${visible(host)} is not in the list: there is nothing to remove.${meant}`);
  }
}

/**
 * The products of the realm that register with an address at a host that goes: what is connected goes on, and nobody connects
 * anew.
 */
function sayCutOff({ voice }: Context, { snapshot, record, wish, flags, custom }: Wanted): void {
  const listed = trustedHostNames(snapshot.registrationPolicies);
  const goes = (host: string) =>
    listed.includes(host) && (flags.close === true || wish.remove.includes(host));
  const wanted = entriesOf(record, 'wanted').flatMap(({ products }) => products);
  const known = [...PRESETS, ...custom];
  const cut = known.flatMap(({ name, title, redirectUris }) => {
    const hosts = [...new Set(redirectUris.map(({ uri }) => hostOfUri(uri)))].filter(goes);
    return wanted.includes(name) && hosts.length > 0 ? [{ title, hosts }] : [];
  });
  for (const { title, hosts } of cut)
    voice.warn(
      `${visible(title)} registers with an address at ${listNames(hosts)}. It can’t connect anew afterwards, nor can one that is connected now, once its connection is removed. Until then that goes on.`,
    );
}

/** The reach of a whole host, shown before it is opened. */
function sayWidth({ voice }: Context, { hosts }: Wish, { registrations }: Desired): void {
  if (hosts.length === 0) return;
  const held = registrations && !('absent' in registrations) && registrations.redirects === 'patterns';
  const instead = held ? ' One redirect URI is narrower: --add https://<host>/<path>.' : '';
  voice.warn(
    `Anything at ${hosts.map((host) => visible(host)).join(', ')} may be registered: any scheme, port and path, wildcards too. Anybody who controls a page there can have sign-ins end at it.${instead}`,
  );
}

function apply(
  { io, signal, voice }: Context,
  keycloak: Keycloak,
  plan: RealmPlan,
  desired: Desired,
  snapshot: RealmSnapshot,
) {
  return applyAndVerify(keycloak, plan, desired, snapshot, {
    io,
    holder: holderOf(io, 'trusted-hosts'),
    signal,
    warn: (text) => voice.warn(text),
  });
}

function report(
  { server, realm }: Keycloak,
  snapshot: RealmSnapshot,
  plan: RealmPlan,
  dryRun: boolean,
): Report {
  const policies = anonymousPolicies(snapshot, POLICY.trustedHosts).map((policy) => ({
    name: policy.name,
    ...hostsOf(policy),
  }));
  const own = snapshot.clientProfiles.find(({ name }) => name === OWN_POLICY.registrations);
  const redirectUris = patternsOf(own)?.map(readablePattern) ?? null;
  return {
    command: 'trusted-hosts',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource: null,
      scope: null,
      mode: null,
      policies,
      redirectUris,
      changes: plan,
      applied: !dryRun,
    },
    text: (style) => trustedHostsText({ server, realm, policies, redirectUris, plan, dryRun }, style),
  };
}
