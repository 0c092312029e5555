import type { Finding } from '../../findings/finding.ts';
import { GROUPS } from '../../findings/index.ts';
import { type GroupVerdict, judge, type Unjudged } from '../../findings/judge.ts';
import { type ProductState, productStates } from '../../findings/product-states.ts';
import { groupRefusals, type Refusals } from '../../findings/refusals.ts';
import { listServers, otherAudienceScopes, type Seen } from '../../findings/seen.ts';
import { firstStepFor } from '../../plan/next-step.ts';
import { roleLabel } from '../../realm/access.ts';
import { type Deed, entriesOf, type HolderLook, journalIn } from '../../realm/record.ts';
import { hostsOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { type ClientRow, clientRows } from './client-rows.ts';

/** The answer of `status`, for people and for scripts. */
export interface StatusAnswer {
  server: string;
  realm: string;
  /** Name of the profile in use. */
  profile?: string | undefined;
  resource: string | undefined;
  scopes: {
    name: string;
    resource: string | null;
    mode: string;
    list: string;
    /** The roles that let people in; null where everybody may use it, or that isn't visible. */
    roles: string[] | null;
  }[];
  /** Names of audience scopes that are somebody else's. */
  otherScopes: readonly string[];
  findings: readonly Finding[];
  /** The connection of each product in question, and whether the realm lets it through. */
  products: readonly ProductState[];
  unjudged: readonly Unjudged[];
  groups: readonly GroupVerdict[];
  /** The causes, by code. */
  causes: ReadonlyMap<string, string>;
  /** The refusals of the last day, or the role that is needed to see them. */
  refusals: Refusals[] | { role: string };
  /** Whether the realm stores user events; undefined where that is not visible. */
  eventsOn: boolean | undefined;
  /** The latest deeds of mcpkc, newest first; undefined where the record is not visible. */
  journal: readonly Deed[] | undefined;
  /** The results of the last look at all clients, where all were not looked at now. */
  lastLook: HolderLook | undefined;
  /** The clients; undefined where they were not listed or are not visible. */
  rows: ClientRow[] | undefined;
  /** The next step where the realm has no scope for the MCP server; undefined where none is in question. */
  firstStep?: { what: string; line: string } | undefined;
  now: number;
}

/** Judges the observations. `runs`: the times of mcpkc's own probes from this machine, by Keycloak's clock. */
export function answerOf(seen: Seen, runs: readonly { from: number; to: number }[] = []): StatusAnswer {
  const { parts, server, realm, profile, resource, now } = seen;
  const { refusals, eventsConfig, scopes } = parts;
  const judgement = judge(GROUPS, seen);
  return {
    ...judgement,
    products: productStates(seen, judgement.findings, judgement.unjudged.length === 0),
    server,
    realm,
    profile,
    resource,
    now,
    scopes: scopes.visible ? scopesOf(seen) : [],
    otherScopes: scopes.visible ? otherAudienceScopes(seen) : [],
    causes: new Map(GROUPS.flatMap(({ rules }) => rules.map((rule) => [rule.code, rule.explanation.cause]))),
    refusals: refusals.visible ? groupRefusals(refusals.value, runs) : { role: refusals.role },
    eventsOn: eventsConfig.visible ? eventsConfig.value.enabled : undefined,
    ...remembered(seen),
    rows: clientRows(seen),
    firstStep:
      resource === undefined
        ? undefined
        : firstStepFor({
            resource: resource === seen.configured.resource ? undefined : resource,
            products: seen.presets,
          }),
  };
}

function remembered({ parts: { record, clients } }: Seen): Pick<StatusAnswer, 'journal' | 'lastLook'> {
  if (!record.visible) return { journal: undefined, lastLook: undefined };
  const isListed = clients.visible && clients.value !== undefined;
  const [look] = isListed ? [] : entriesOf(record.value, 'holder-look');
  return { journal: journalIn(record.value), lastLook: look };
}

function scopesOf(seen: Seen): StatusAnswer['scopes'] {
  return listServers(seen).map(({ scope, resource, mode, list, roles }) => {
    const gates = roles?.gates?.map(roleLabel) ?? null;
    return { name: scope, resource: resource ?? null, mode, list, roles: gates };
  });
}

/** The answer as the JSON document has it, with the findings that are shown; values that aren't visible are null. */
export function documentOf(
  seen: Seen,
  answer: StatusAnswer,
  told: readonly Finding[] = answer.findings,
): Record<string, unknown> {
  const { clients } = seen.parts;
  const listed = !clients.visible || clients.value !== undefined;
  return {
    profile: answer.profile ?? null,
    resource: answer.resource ?? null,
    findings: told.map(({ products: _products, depends: _depends, ...finding }) => finding),
    products: answer.products,
    scopes: seen.parts.scopes.visible ? answer.scopes : null,
    otherAudienceScopes: seen.parts.scopes.visible ? answer.otherScopes.length : null,
    notVisible: answer.unjudged,
    policies: policiesOf(seen),
    refusals: Array.isArray(answer.refusals) ? answer.refusals.map(dated) : null,
    journal: answer.journal?.map(({ at, did, to, by }) => ({ at, did, to, by })) ?? null,
    lastLook: answer.lastLook === undefined ? null : lookDocument(answer.lastLook),
    ...(listed ? { clients: answer.rows ?? null } : {}),
  };
}

function lookDocument({ at, clients, holders, findings }: HolderLook) {
  return { at, clients, holders, findings };
}

function dated({ first, last, ...rest }: Refusals) {
  return { ...rest, first: new Date(first).toISOString(), last: new Date(last).toISOString() };
}

/** The policies for anonymous registration. */
function policiesOf({ parts }: Seen): Record<string, unknown>[] | null {
  if (!parts.registrationPolicies.visible) return null;
  return parts.registrationPolicies.value
    .filter(({ subType }) => subType === 'anonymous')
    .map((policy) => ({
      name: policy.name,
      provider: policy.providerId,
      ...(policy.providerId === POLICY.trustedHosts ? hostsOf(policy) : { config: policy.config }),
    }));
}
