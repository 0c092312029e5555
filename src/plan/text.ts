import type { Style } from '../cli/style.ts';
import { isNobodyRole, isSameRole, type RoleName, roleLabel } from '../realm/access.ts';
import type { Mode } from '../realm/marks.ts';
import { withoutRandomEnds } from '../realm/mcp-scope.ts';
import { type OwnPolicy, patternsOf, scopesNamedBy, wholePolicy } from '../realm/own-policies.ts';
import { hostOpenedBy, readablePattern } from '../realm/redirect-patterns.ts';
import { brief, count, visible, wrap } from '../text.ts';
import { REALM } from './kinds/all.ts';
import { type AnyChange, type Change, type ChangeKind, fieldsOf, type Plan, type RealmKind } from './plan.ts';

/** An operator's names for the kinds of thing that a plan changes. */
const OTHER_TITLES: Record<Exclude<ChangeKind, RealmKind>, string> = {
  'service-account': 'service account',
  'account-role': 'role',
  events: 'stored events',
  record: 'record of realm',
  connection: 'connection',
  session: 'session',
};

const MARKS: Record<Change['action'], string> = {
  create: '+',
  attach: '+',
  update: '~',
  delete: '-',
  detach: '-',
};

/** A plan for people: a line per change, what differs below it, and why; the lines alone for who agreed to it. */
export function planText(plan: Plan, style: Style): string {
  return plan.map((change) => changeText(change, style)).join('');
}

/** One change for people. */
function changeText(change: Change, style: Style): string {
  const mark = MARKS[change.action];
  const paint = mark === '+' ? style.green : mark === '-' ? style.red : style.yellow;
  const head = `${paint(mark)} ${changeName(change)}`;
  if (style.isPlanKnown === true) return `  ${head}\n`;
  const details = differences(change).map(
    (line) => `${wrap(withoutRandomEnds(line), style.width - 1, '      ')}\n`,
  );
  return `  ${head}\n${details.join('')}${style.dim(wrap(change.why, style.width - 1, '      '))}\n`;
}

/** The head of an answer about one MCP server. */
export function serverHead({ server, realm, resource, scope, mode }: ServerPlace, style: Style): string {
  const how = mode === null ? '' : ` (${mode})`;
  return `${style.bold(visible(resource))}\n  scope ${style.bold(visible(scope))}${how}, realm ${visible(realm)} at ${server}\n`;
}

/** The place of an MCP server, as an answer's head has it. */
export interface ServerPlace {
  server: string;
  realm: string;
  resource: string;
  scope: string;
  mode: Mode | null;
}

/** A plan's outcome in a line, with its mark: done, or what would be. */
export function outcomeLine(
  plan: readonly Change[],
  dryRun: boolean,
  style: Style,
  nothing = 'Everything is as it should be; nothing to change.',
): string {
  if (plan.length === 0) return `${style.green('✓')} ${nothing}`;
  const changes = count(plan.length, 'change');
  return dryRun
    ? `${style.yellow('!')} ${changes} would be made; nothing was written (--dry-run).`
    : `${style.green('✓')} ${changes} made.`;
}

/** One change in a line: action, kind, key. */
export function changeName({ action, kind, key: whole }: Change): string {
  const key = withoutRandomEnds(whole);
  if (kind === 'account-role') return `${action === 'detach' ? 'revoke' : 'grant'} ${brief(key, 100)}`;
  if (kind === 'scope-access') {
    const name = brief(key, 100);
    return action === 'detach' ? `open ${name} to everybody` : `restrict who may use ${name}`;
  }
  const title =
    kind in REALM ? REALM[kind as RealmKind].title : OTHER_TITLES[kind as keyof typeof OTHER_TITLES];
  return `${action} ${title} ${brief(key, 100)}`;
}

/** The effect of a client policy, instead of its fields: where it applies, and the changes in its lists. */
function policyLines({ before, after }: Change<'client-policy'>): string[] {
  if (after === null) {
    const profile = before?.profile;
    return typeof profile === 'string' ? [`with its profile ${shown(profile)}`] : [];
  }
  const [old, wanted] = [wholePolicy(before), wholePolicy(after)];
  const conditions = (wanted.policy?.conditions ?? []).map(({ condition, configuration }) => {
    const { scopes, ...rest } = configuration;
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return `${condition}${more}`;
  });
  const executors = (wanted.profile?.executors ?? []).map(({ executor }) => executor);
  const scopesOf = ({ policy }: Partial<OwnPolicy>) => (policy ? scopesNamedBy(policy) : []);
  const patterns = ({ profile }: Partial<OwnPolicy>) => patternsOf(profile) ?? [];
  return [
    `where ${conditions.join(' and ')}`,
    `does ${executors.join(', ')}`,
    ...listDifference('scopes', scopesOf(old), scopesOf(wanted)),
    ...patternLines(patterns(old), patterns(wanted)),
  ];
}

/** A line for each redirect URI that may be registered from now on, or no more. */
function patternLines(old: readonly string[], wanted: readonly string[]): string[] {
  const line = (sign: string, one: string) => {
    const ofHost = hostOpenedBy(one) === undefined ? '' : ' (somebody trusts that host)';
    return `redirect URIs ${sign} ${shown(readablePattern(one))}${ofHost}`;
  };
  return [
    ...wanted.filter((one) => !old.includes(one)).map((one) => line('+', one)),
    ...old.filter((one) => !wanted.includes(one)).map((one) => line('−', one)),
  ];
}

/** A role's holder, and the parts of the role that are there already. */
function roleLines({ before, after }: Change<'account-role'>): string[] {
  const of = (after ?? before)?.of;
  const holder = typeof of === 'string' ? `of ${visible(of)}` : 'of the realm';
  if (before === null || after === null) return [holder];
  const there =
    before.granted === true ? 'granted already, to be passed on by the client' : 'not granted yet';
  return [`${holder}; ${there}`];
}

/** An account that is made, in a few words instead of a dozen settings. */
function accountLines({ before, after }: Change<'service-account'>): string[] {
  const scopes = (after?.defaultClientScopes ?? []) as string[];
  const redirects = (before?.redirectUris ?? []) as string[];
  const old =
    before === null
      ? []
      : [
          `deleted first: the client ${visible(String(before.clientId))} (id ${visible(String(before.id))}${redirects.length === 0 ? '' : `, redirect URIs ${redirects.map(visible).join(', ')}`})`,
        ];
  return [
    ...old,
    `confidential, for its service account alone (nobody signs in through it); client scopes ${scopes.map(visible).join(', ')}`,
  ];
}

/** A client for a product, in a few words instead of a dozen settings; and the one that it replaces. */
function allowedLines({ before, after }: Change<'allowed-client'>): string[] {
  if (after === null) return listDifference('redirect URIs', before?.redirectUris, []);
  const client = after as {
    publicClient?: boolean;
    redirectUris?: string[];
    optionalClientScopes?: string[];
  };
  const gone = [before?.redirectUris ?? []].flat().map(String);
  const old =
    before === null
      ? []
      : [
          `deleted first: the client ${shown(before.clientId)} (id ${shown(before.id)}, redirect URIs ${gone.map(visible).join(', ') || 'none'}); its users sign in anew`,
        ];
  const kind = client.publicClient ? 'public' : 'confidential';
  return [
    ...old,
    `${kind}, authorization code with PKCE (S256), asks users for consent, no full scope`,
    ...listDifference('redirect URIs', [], client.redirectUris),
    ...listDifference('optional client scopes', [], client.optionalClientScopes),
  ];
}

/** The roles that a scope maps, in words: an empty list means everybody. */
function accessLines({ before, after }: Change<'scope-access'>): string[] {
  const [old, fresh] = [before?.roles ?? [], after?.roles ?? []];
  const label = (role: RoleName) =>
    isNobodyRole(role)
      ? `${roleLabel(role)} (nobody has it: without the other roles the server is shut)`
      : roleLabel(role);
  const part = (sign: string, some: readonly RoleName[], others: readonly RoleName[]) =>
    some
      .filter((one) => !others.some((other) => isSameRole(one, other)))
      .map((role) => `role ${sign} ${visible(label(role))}`);
  const lines = [...part('+', fresh, old), ...part('−', old, fresh)];
  return fresh.length === 0 ? [...lines, 'everybody in the realm'] : lines;
}

/** The effect on a client that is assigned a scope which it was judged for. */
function assignmentLines({ after }: Change<'client-scope-assignment'>): string[] {
  const fixed =
    'anybody who registered it can change it no longer (its registration access token is revoked)';
  return after?.seen === undefined && after?.list !== 'none' ? [] : [fixed];
}

/** A client that stands for an MCP server has a dozen settings that all mean the same. */
function resourceClientLines({ before, after }: Change<'resource-client'>): string[] {
  const redirects = (before?.redirectUris ?? []) as string[];
  const uris = redirects.length === 0 ? '' : `, redirect URIs ${redirects.map(visible).join(', ')}`;
  const old =
    before === null
      ? []
      : [`deleted${after === null ? '' : ' first'}: the client with id ${visible(String(before.id))}${uris}`];
  return after === null
    ? old
    : [...old, 'bearer-only, without scopes, redirect URIs and grants: nobody signs in with it'];
}

function differences(change: Change): string[] {
  if (change.kind === 'client-scope-assignment') {
    const { seen: _seen, ...after } = change.after ?? { seen: undefined };
    return [...fieldDifferences({ before: change.before, after }), ...assignmentLines(change)];
  }
  if (change.kind === 'client-policy') return policyLines(change);
  if (change.kind === 'allowed-client' && change.action !== 'update') return allowedLines(change);
  if (change.kind === 'resource-client') return resourceClientLines(change);
  if (change.kind === 'account-role') return roleLines(change);
  if (change.kind === 'scope-access') return accessLines(change);
  if (change.kind === 'service-account' && change.action === 'create') return accountLines(change);
  return fieldDifferences(change);
}

function fieldDifferences(change: Pick<AnyChange, 'before' | 'after'>): string[] {
  const [before, after] = [fieldsOf(change.before), fieldsOf(change.after)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    if (Array.isArray(from ?? []) && Array.isArray(to ?? [])) return listDifference(name, from, to);
    if (isRecord(from ?? {}) && isRecord(to ?? {}) && (isRecord(from) || isRecord(to))) {
      return recordDifference(name, (from ?? {}) as object, (to ?? {}) as object);
    }
    if (change.after === null) return [];
    return [
      from === undefined || from === null
        ? `${name}: ${shown(to)}`
        : `${name}: ${shown(from)} → ${shown(to)}`,
    ];
  });
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listDifference(name: string, from: unknown, to: unknown): string[] {
  const [old, fresh] = [(from ?? []) as unknown[], (to ?? []) as unknown[]];
  const added = fresh.filter((one) => !old.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  const removed = old.filter((one) => !fresh.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  const part = (sign: string, list: unknown[]) =>
    list.length === 0 ? [] : [`${name} ${sign} ${list.map(shown).join(', ')}`];
  return [...part('+', added), ...part('−', removed)];
}

function recordDifference(name: string, from: object, to: object): string[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    const [old, fresh] = [(from as Record<string, unknown>)[key], (to as Record<string, unknown>)[key]];
    const nothing = (value: unknown) => value === undefined || value === null || value === '';
    if (JSON.stringify(old) === JSON.stringify(fresh) || (nothing(old) && nothing(fresh))) return [];
    const label = name === 'config' || name === 'attributes' ? key : `${name}.${key}`;
    return [
      nothing(old)
        ? `${label}: ${shown(fresh)}`
        : `${label}: ${shown(old)} → ${nothing(fresh) ? '(none)' : shown(fresh)}`,
    ];
  });
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return visible(text ?? 'none').slice(0, 300);
}
