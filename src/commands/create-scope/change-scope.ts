import { warnOfVendorNetwork } from '../../checks/vendor-network.ts';
import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { noteFile } from '../../fleet/hint.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { ifAllowed } from '../../keycloak/connection/failures.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, writeRecord } from '../../keycloak/write/record.ts';
import { planAccess, readAccessFacts, withAccess } from '../../plan/access.ts';
import { type Offer, offerSentence, offerToHide } from '../../plan/advertised.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import { requireEditablePolicies } from '../../plan/editable-policies.ts';
import {
  knownPresets,
  requireNoLiveWindow,
  resourceFor,
  scopeWish,
  wantedPresets,
} from '../../plan/input.ts';
import type { LookBeside } from '../../plan/mcp-look.ts';
import { type Moving, readMoving } from '../../plan/moving.ts';
import { type Change, planStatus, type RealmPlan } from '../../plan/plan.ts';
import { gatesSentences, modeSentence, provisioningText } from '../../plan/provisioning-text.ts';
import { keptSentence, registrationChoice } from '../../plan/registration.ts';
import { adoptionsOf, rememberPlan } from '../../plan/remember.ts';
import { collectServerReservations, commonReservations } from '../../plan/reservations.ts';
import { planResourceClient, withResourceClient } from '../../plan/resource-client.ts';
import { freeOwnAccount, planStages, type Stage } from '../../plan/stages.ts';
import { changeName } from '../../plan/text.ts';
import { requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn, putInMode } from '../../realm/mcp-server.ts';
import type { LookedThrough, RealmRecord } from '../../realm/record.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { count, formatCommand } from '../../text.ts';
import type { CreateScopeOptions } from './command.ts';
import { hasToLookThrough, modeAndList, planWish } from './desired-scope.ts';
import { rememberLookThrough } from './existing-clients.ts';
import { type NamedClients, requireNamedClients } from './named-clients.ts';
import {
  takeoverReservations,
  warnOfNearResources,
  warnOfRestriction,
  warnOfScopes,
  warnOfTwins,
} from './notices.ts';
import type { WantedServer } from './wanted-server.ts';

const names = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** `create-scope` without `--remove`: provisions a resource, or repairs it. `known`: the record, where it was read. */
export async function changeScope(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  flags: CreateScopeOptions,
  { record, look }: { record: RealmRecord; look: LookBeside },
): Promise<Report> {
  const dryRun = flags.dryRun === true;
  const mcpServer = await readWantedServer(config, keycloak, flags, record);
  const wanted = { attach: names(flags.client), detach: names(flags.detach) };
  const named = await requireNamedClients(keycloak, mcpServer.snapshot, wanted, config.clientId);
  const moving = await movingIn(context, mcpServer, named);
  const standIn = await planResourceClient({
    keycloak,
    snapshot: mcpServer.snapshot,
    record: mcpServer.record,
    resource: mcpServer.resource,
    command: 'create-scope',
    asked: flags.resourceClient === true,
    opens: mcpServer.registration === 'open',
    consent: flags.yes === true,
    onPage: (read) => context.voice.progress(`${count(read, 'client')} read`),
  }).finally(() => context.voice.progress(undefined));
  const wish = await planWish(context, mcpServer, named, moving, flags);
  const since = new Date(keycloak.serverNow()).toISOString();
  const by = deedBy(holderOf(context.io, 'create-scope'));
  const desired = withResourceClient(withAccess(wish, mcpServer.access, since, by), standIn);
  const looked = (now: RealmSnapshot) =>
    hasToLookThrough(mcpServer, flags) ? rememberLookThrough(mcpServer, now) : [];
  const stages = planStages(freeOwnAccount(mcpServer, mcpServer.carriers), desired, mcpServer.snapshot);
  const plan = stages.flatMap((stage) => stage.plan);
  if (mcpServer.registration === 'open') warnOfScopes(context, mcpServer);
  warnOfNearResources(context, mcpServer);
  warnOfTwins(context, mcpServer);
  if (flags.preset !== undefined) warnOfVendorNetwork(context, config, mcpServer.presets, mcpServer.resource);
  warnOfRestriction(context, mcpServer);
  for (const warning of standIn.warnings) context.voice.warn(warning);
  await requireEditablePolicies(keycloak, plan, mcpServer.snapshot);
  if (!dryRun && plan.length > 0) {
    const asked = [
      ...takeoverReservations(mcpServer, flags, plan),
      ...commonReservations(keycloak.realm, plan),
      ...(await collectServerReservations(mcpServer, {
        ...mcpServer,
        server: mcpServer,
        asksOfShared: true,
        moving,
        standIn,
        named: { clients: named.attach },
      })),
    ];
    requireNoLiveWindow(mcpServer, context.io, flags.yes === true);
    look.tell();
    await agreeToPlan(context, keycloak, { plan, reservations: asked, yes: flags.yes === true });
    const by = holderOf(context.io, 'create-scope');
    const since = new Date(keycloak.serverNow()).toISOString();
    const { resource, snapshot } = mcpServer;
    const stamp = { resource, clients: snapshot.clients, since, by: deedBy(by) };
    await writeRecord(keycloak, { remember: adoptionsOf(plan, stamp) });
    const now = await apply(context, mcpServer, stages);
    await rememberPlan(keycloak, context.io, {
      resource: mcpServer.resource,
      plan,
      clients: now.clients,
      by,
      entries: looked(now),
    });
  } else if (!dryRun) await rememberLook(keycloak, looked(mcpServer.snapshot));
  if (!dryRun) {
    const { resource, scope, mode, access, presets, registration } = mcpServer;
    const named = flags.preset === undefined || registration === 'keep' ? [] : presets;
    const products = named.map(({ name }) => ({ preset: name, by: 'registration' as const }));
    await noteFile(context, config, { resource, scope, mode, access, products });
  }
  const offer = await offerIn(mcpServer, flags);
  return report(mcpServer, plan, { dryRun, offer });
}

/** Remembers a look after which nothing was to be changed; an account that may not write looks again next time. */
async function rememberLook(keycloak: Keycloak, entries: LookedThrough[]): Promise<void> {
  await ifAllowed(() => writeRecord(keycloak, { remember: entries }));
}

async function readWantedServer(
  config: Config,
  keycloak: Keycloak,
  flags: CreateScopeOptions,
  record: RealmRecord,
): Promise<WantedServer> {
  const resource = resourceFor(config, flags.resource);
  const presets = wantedPresets(config, flags.preset);
  const ids = [...names(flags.client), ...names(flags.detach), ...config.audiences.clients];
  const snapshot = await readRealm(keycloak, [
    ...ids,
    resource,
    ...(config.clientId === undefined ? [] : [config.clientId]),
  ]);
  const wish = scopeWish(config, resource, flags);
  const server = mcpServerIn(snapshot, wish, 'standing');
  requireOwnScope(server.scope, wish, snapshot, { replace: flags.replaceAudience === true });
  const registration = registrationChoice(
    {
      choice: flags.registration,
      namesProducts: flags.preset !== undefined,
      namesClient: flags.client !== undefined || flags.detach !== undefined,
    },
    snapshot,
  );
  const wanted = putInMode(server, modeAndList(server, flags));
  const roles = flags.role ?? [];
  const read = await readAccessFacts(keycloak, snapshot, wanted, roles.length > 0, record);
  const { server: mcpServer, facts } = read;
  const access = planAccess(mcpServer, facts, { add: roles });
  return { ...mcpServer, config, keycloak, presets, snapshot, record, facts, access, registration };
}

/**
 * The faults that would still stop the products that may register, and are not this server’s; empty where nobody
 * registers.
 */
function offerIn(
  { config, keycloak, presets, resource, scope, snapshot, registration }: WantedServer,
  { hideScope = [] }: CreateScopeOptions,
): Promise<Offer | undefined> {
  if (registration === 'keep' || hideScope.length > 0) return Promise.resolve(undefined);
  return offerToHide({ keycloak, issuer: config.issuer, snapshot, presets, resource, scope });
}

/** The clients that have the audience by the scope that clients name, where this change removes it from that scope. */
async function movingIn({ voice }: Context, mcpServer: WantedServer, named: NamedClients): Promise<Moving> {
  const { config, keycloak, snapshot } = mcpServer;
  const decided = [...named.attach, ...named.detach].map(({ clientId }) => clientId);
  const others = [...decided, ...config.audiences.clients, config.clientId];
  const onPage = (read: number) => voice.progress(`${count(read, 'client')} read`);
  const moving = await readMoving(keycloak, snapshot, mcpServer, knownPresets(config), others, onPage);
  voice.progress(undefined);
  return moving;
}

async function apply(
  context: Context,
  { keycloak, snapshot }: WantedServer,
  stages: readonly Stage[],
): Promise<RealmSnapshot> {
  const { io, signal, voice } = context;
  const onApplied = (change: Change) => voice.progress(changeName(change));
  let now = snapshot;
  for (const { desired, plan } of stages) {
    now = await applyAndVerify(keycloak, plan, desired, now, {
      io,
      holder: holderOf(io, 'create-scope'),
      signal,
      onApplied,
      warn: (text) => voice.warn(text),
    });
  }
  return now;
}

function report(
  { keycloak, resource, scope, mode, list, access, registration, snapshot }: WantedServer,
  plan: RealmPlan,
  { dryRun, offer }: { dryRun: boolean; offer: Offer | undefined },
): Report {
  const { server, realm } = keycloak;
  const kept = keptSentence(registration, snapshot);
  const next = [
    modeSentence(mode, list),
    ...gatesSentences(access, resource),
    ...(kept === undefined ? [] : [kept]),
    ...(offer === undefined ? [] : [offerSentence(offer)]),
  ];
  if (!dryRun) next.push(`Next: ${formatCommand(['validate', resource])}`);
  const answer = { server, realm, resource, scope, mode, plan, dryRun, next };
  return {
    command: 'create-scope',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: {
      resource,
      scope,
      mode,
      roles: access.gates ?? null,
      registration,
      changes: plan,
      offer: offer ?? null,
      applied: !dryRun,
    },
    text: (style) => provisioningText(answer, style),
  };
}
