import { countsOf, type Gauge, runGauges, type Sample } from '../../cli/open-metrics.ts';
import { GROUPS } from '../../findings/index.ts';
import { isOfProbe, REFUSAL_KINDS } from '../../findings/refusals.ts';
import type { Seen } from '../../findings/seen.ts';
import { presetOf } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { matchesAny } from '../../products/redirect.ts';
import { adoptedIn, allowedIn, entriesOf, provisionalIn, type RealmRecord } from '../../realm/record.ts';
import { refusedBy } from '../../realm/refused-registration.ts';
import type { Client, UserEvent } from '../../realm/representations.ts';
import type { StatusAnswer } from './answer.ts';

/** The facts of a run, beside its answer. */
export interface StatusRun {
  ms: number;
  exitStatus: number;
  /** Every product that is known, by which refusals are told apart. */
  known: readonly Preset[];
}

/**
 * The observations of `status`, as gauges. Label values are codes, names of products, roles, policies and scopes. They
 * are never a client's id or name, nor anything else that a registrant writes. Values that the account may not see have
 * no sample.
 */
export function statusGauges(seen: Seen, answer: StatusAnswer, run: StatusRun): Gauge[] {
  return [
    ...runGauges('status', { at: seen.now, ms: run.ms, exitStatus: run.exitStatus }),
    ...findingGauges(answer),
    {
      name: 'mcpkc_product_verdict',
      help: 'Whether the realm lets a product through (mcpkc status): 1 of its verdict, 0 of the others.',
      samples: answer.products.flatMap(({ preset, verdict }) =>
        VERDICTS.map((one) => ({
          labels: { product: preset, verdict: one },
          value: one === verdict ? 1 : 0,
        })),
      ),
    },
    ...roomGauges(seen),
    {
      name: 'mcpkc_refusals_last_day',
      help: 'What was refused in the last 24 hours, by the policy or Keycloak’s error, of the newest hundred registrations and the newest hundred sign-ins.',
      samples: refusalSamples(seen, run.known),
    },
    ...recordGauges(seen),
    ...lookGauges(seen, answer),
  ];
}

const VERDICTS = ['ready', 'stopped', 'depends', 'unknown'] as const;

function findingGauges({ findings, unjudged }: StatusAnswer): Gauge[] {
  const numbers = new Map<string, Sample & { value: number }>();
  const add = (code: string, severity: string, more: number) => {
    const before = numbers.get(`${code} ${severity}`)?.value ?? 0;
    numbers.set(`${code} ${severity}`, { labels: { code, severity }, value: before + more });
  };
  for (const { code, severity } of GROUPS.flatMap(({ rules }) => rules)) {
    if (!unjudged.some((one) => one.code === code)) add(code, severity, 0);
  }
  for (const { code, severity } of findings) add(code, severity, 1);
  return [
    {
      name: 'mcpkc_findings',
      help: 'Findings of mcpkc status; a code that could not be judged has no sample.',
      samples: [...numbers.values()],
    },
    {
      name: 'mcpkc_findings_unjudged',
      help: 'How many kinds of findings could not be judged, since the account lacks a role.',
      samples: [{ value: unjudged.length }],
    },
  ];
}

function roomGauges({ parts: { room } }: Seen): Gauge[] {
  if (!room.visible || room.value.limit === undefined) return [];
  const { limit, clients } = room.value;
  return [
    {
      name: 'mcpkc_registration_limit',
      help: "How many clients the realm may have before registration stops ('Max Clients Limit').",
      samples: [{ value: limit }],
    },
    {
      name: 'mcpkc_registration_room',
      help: 'How many more clients may register before the limit is reached.',
      samples: clients === undefined ? [] : [{ value: Math.max(0, limit - clients) }],
    },
  ];
}

/** Keycloak's error codes; anything else is counted as `other`. */
const ERROR_CODE = /^[a-z][a-z_]{1,50}$/;

function refusalSamples(seen: Seen, known: readonly Preset[]): Sample[] {
  const { refusals, registrationPolicies } = seen.parts;
  if (!refusals.visible) return [];
  const policies = registrationPolicies.visible ? registrationPolicies.value.map(({ name }) => name) : [];
  const clients = clientsSeen(seen);
  const numbers = new Map<string, Sample & { value: number }>();
  for (const event of refusals.value) {
    const kind = REFUSAL_KINDS[event.type];
    const refused = refusedBy(event);
    if (kind === undefined || refused === undefined || isOfProbe(event.details)) continue;
    const by = reasonOf(event, refused, policies);
    const product = productOf(event, clients, known);
    const key = JSON.stringify([kind, by, product]);
    numbers.set(key, { labels: { kind, by, product }, value: (numbers.get(key)?.value ?? 0) + 1 });
  }
  return [...numbers.values()];
}

/** The policy by its name, as long as the realm has one of that name; else Keycloak's code. */
function reasonOf(
  { error = '' }: UserEvent,
  { policy, detail }: { policy: string; detail: string },
  policies: readonly string[],
): string {
  if (policies.includes(policy)) return policy;
  if (detail !== '') return 'client policy';
  return ERROR_CODE.test(error) ? error : 'other';
}

function clientsSeen({ parts: { adopted, ids, fewClients, clients } }: Seen): Client[] {
  return [
    ...(adopted.visible ? adopted.value : []),
    ...(ids.visible ? ids.value : []),
    ...(fewClients.visible ? (fewClients.value ?? []) : []),
    ...(clients.visible ? (clients.value?.clients ?? []) : []),
  ];
}

/** The product that was refused, by its client here or by the redirect URI that was sent; `unknown` where neither tells. */
function productOf(
  { clientId, details }: UserEvent,
  clients: readonly Client[],
  known: readonly Preset[],
): string {
  const client = clients.find((one) => one.clientId === clientId);
  const preset = client && presetOf(client, known);
  if (preset !== undefined) return preset.name;
  const uri = details.redirect_uri;
  const fitting = uri === undefined ? [] : known.filter((one) => matchesAny(one.redirectUris, uri));
  return fitting.length === 1 ? (fitting[0]?.name ?? 'unknown') : 'unknown';
}

function recordGauges({ parts: { record }, now }: Seen): Gauge[] {
  if (!record.visible) return [];
  const provisional = provisionalIn(record.value);
  const ages = provisional.map(({ since }) => Math.max(0, now - Date.parse(since)));
  return [
    {
      name: 'mcpkc_clients',
      help: 'Clients that mcpkc’s record of the realm knows, by their standing.',
      samples: Object.entries(standings(record.value)).map(([standing, value]) => ({
        labels: { standing },
        value,
      })),
    },
    {
      name: 'mcpkc_provisional_oldest_age_seconds',
      help: 'Age of the oldest adoption that is not settled yet; 0 where there is none.',
      samples: [{ value: Math.max(0, ...ages) / 1000 }],
    },
    {
      name: 'mcpkc_provisional_overdue',
      help: 'Adoptions that are not settled though the time of their run is over: a killed run left them.',
      samples: [{ value: provisional.filter(({ until }) => Date.parse(until) <= now).length }],
    },
  ];
}

function standings(record: RealmRecord): Record<string, number> {
  const distinct = (keys: readonly { key: string }[]) => new Set(keys.map(({ key }) => key)).size;
  const stage = (wanted: readonly string[]) =>
    entriesOf(record, 'stage').filter((one) => wanted.includes(one.stage)).length;
  return {
    adopted: distinct(adoptedIn(record)),
    provisional: distinct(provisionalIn(record)),
    allowed: distinct(allowedIn(record)),
    kept: distinct(entriesOf(record, 'kept')),
    'marked for pruning': stage(['marked']),
    'disabled by pruning': stage(['disabling', 'disabled']),
  };
}

const ROW_VERDICTS = ['adopted', 'holds', 'foreign', 'no scope', 'disabled', 'probe', 'account'] as const;

/** The results of a look at every client: now with `--clients`, else the last time. */
function lookGauges({ parts: { record } }: Seen, { rows, lastLook }: StatusAnswer): Gauge[] {
  const listed: Gauge = {
    name: 'mcpkc_listed_clients',
    help: 'Clients that registered or hold an audience, by what they are to the MCP servers (status --clients).',
    samples:
      rows === undefined
        ? []
        : countsOf(
            'standing',
            ROW_VERDICTS,
            (verdict) => rows.filter((one) => one.verdict === verdict).length,
          ),
  };
  const look = lastLook ?? (record.visible ? entriesOf(record.value, 'holder-look')[0] : undefined);
  if (look === undefined) return [listed];
  return [
    listed,
    {
      name: 'mcpkc_scope_holders',
      help: 'Clients that held an audience scope at the last look at every client.',
      samples: Object.entries(look.holders).map(([scope, value]) => ({ labels: { scope }, value })),
    },
    {
      name: 'mcpkc_realm_clients',
      help: 'Clients of the realm at the last look at every client.',
      samples: [{ value: look.clients }],
    },
    {
      name: 'mcpkc_last_look_timestamp_seconds',
      help: 'When every client was last looked at, since the epoch.',
      samples: [{ value: Date.parse(look.at) / 1000 }],
    },
  ];
}
