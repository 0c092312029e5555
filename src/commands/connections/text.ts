import type { Style } from '../../cli/style.ts';
import { durationText, formatMoment } from '../../duration.ts';
import type { Lifetimes } from '../../keycloak/read/lifetimes.ts';
import type { Plan } from '../../plan/plan.ts';
import { planText } from '../../plan/text.ts';
import { brief, count, listNames, visible, wrap } from '../../text.ts';
import { type Connected, tokenLifeOf } from './rows.ts';

/** The answer of `connections`. */
export interface ConnectionsAnswer {
  server: string;
  realm: string;
  resource: string | undefined;
  rows: readonly Connected[];
  plan: Plan;
  revoke: boolean;
  dryRun: boolean;
  /** The time by the server's clock, in milliseconds. */
  now: number;
  lifetimes: Lifetimes;
  hidden: readonly string[];
  /** Client ids that lead to the product that was named, too, and are not counted as its own. */
  partly: readonly string[];
}

const seconds = (number: number) => durationText(number * 1000);

/** A row for each person and client, the connections that were ended, and the facts that aren't known. */
export function connectionsText(answer: ConnectionsAnswer, style: Style): string {
  const { server, realm, resource, rows, hidden, partly } = answer;
  const what = resource === undefined ? 'Connections to MCP servers' : `Connections to ${visible(resource)}`;
  const line = (text: string) => `${wrap(text, style.width)}\n`;
  return [
    `${style.bold(what)}\n${wrap(`realm ${visible(realm)} at ${server}`, style.width, '  ')}\n\n`,
    ...rows.map((row) => rowText(row, answer, style)),
    rows.length === 0 ? line('Nobody, as far as this account sees.') : '',
    ended(answer, style),
    ...hidden.map((one) => line(`Not seen: ${one}`)),
    ...partly.map((one) =>
      line(`Left out: ${visible(one)} leads to this product and to others. To name it: --client <id>`),
    ),
  ].join('');
}

function rowText(row: Connected, answer: ConnectionsAnswer, style: Style): string {
  const { username, client, product, way, servers, since } = row;
  const who = style.bold(visible(username || 'unknown'));
  const by = `${brief(product ?? client.name ?? client.clientId, 40)} (${visible(client.clientId)}, by ${way})`;
  const opens =
    servers.length === 0
      ? 'opens no server: the person has no role of it'
      : `opens ${servers.map(visible).join(', ')}`;
  const agreed =
    since === undefined ? 'since: unknown (no consent is there)' : `since ${formatMoment(since)}`;
  const lines = [opens, `${agreed}; ${lastUsedText(row)}`, goesOn(row, answer)];
  return `${who}  ${by}\n${lines.map((one) => `${wrap(one, style.width, '    ').replace(/^ {0,4}/, '    ')}\n`).join('')}`;
}

function lastUsedText({ lastUsed }: Connected): string {
  if (lastUsed === undefined)
    return 'last used: unknown (no session; stored events would tell: mcpkc init --events 30d)';
  return `last used ${formatMoment(lastUsed.at)} (${lastUsed.by})`;
}

/** The time for which it goes on without a new sign-in. */
function goesOn({ sessions, consented }: Connected, { lifetimes, now }: ConnectionsAnswer): string {
  const { sessionIdle, sessionMax, offlineIdle, offlineMax } = lifetimes;
  const [newest] = sessions
    .filter(({ offline }) => !offline)
    .sort((a, b) => (b.lastAccess ?? 0) - (a.lastAccess ?? 0));
  if (sessions.some(({ offline }) => offline)) {
    const most = offlineMax === undefined ? '' : `, ${seconds(offlineMax)} at most`;
    return `goes on until nobody uses it for ${seconds(offlineIdle)}${most} (offline session)`;
  }
  if (newest) {
    const last = (newest.start ?? now) + sessionMax * 1000;
    return `goes on until nobody uses it for ${seconds(sessionIdle)}, until ${formatMoment(last)} at most (session)`;
  }
  return consented ? 'takes a new sign-in, which asks for no consent' : 'takes a new sign-in';
}

/** The last moment, in milliseconds, at which a token expires that is out for one of the rows. */
function tokensUntil({ rows, lifetimes, now }: ConnectionsAnswer): number {
  return now + Math.max(0, ...rows.map(({ client }) => tokenLifeOf(client, lifetimes))) * 1000;
}

function ended(answer: ConnectionsAnswer, style: Style): string {
  const { rows, plan, revoke, dryRun, hidden } = answer;
  if (!revoke) return '';
  if (plan.length === 0)
    return hidden.length === 0
      ? `${style.green('✓')} Nothing is there to be ended.\n`
      : `${style.yellow('!')} Nothing that this account sees is there to be ended.\n`;
  const done = dryRun
    ? `${style.yellow('!')} ${count(plan.length, 'change')} would be made; nothing was ended (--dry-run).`
    : `${style.green('✓')} ${count(plan.length, 'change')} made.`;
  const until = tokensUntil(answer);
  const lasting = `Access tokens that are out work until ${formatMoment(until)} at most (they last ${durationText(until - answer.now)}; an MCP server may allow some seconds for clocks).`;
  // A registrant writes the attributes of his client whenever he likes.
  const registered = rows.some(({ way }) => way === 'registration')
    ? ' A client that registered itself can have had a longer lifetime when it got its token.'
    : '';
  const made = rows.filter(({ way }) => way !== 'registration').map(({ client }) => client.clientId);
  // Without the entry nobody could tell later that the client is mcpkc's, and remove it.
  const kept =
    plan.some(({ kind }) => kind === 'client-scope-assignment') && made.length > 0
      ? `\n${wrap(`${listNames([...new Set(made)])}: made by mcpkc allow, and stays in its list, so that it can be removed: mcpkc allow <resource> --remove.`, style.width)}`
      : '';
  const out = `${lasting}${registered} To end them at once: admin console, Sessions, Action, Revocation, Set to now, Push; that ends every token of the realm, for every application, and MCP servers that check tokens by signature alone don’t hear of it.`;
  return `\n${planText(plan, style)}\n${done}\n${wrap(out, style.width)}${kept}\n`;
}

/** The document for scripts. */
export function connectionsDocument(answer: ConnectionsAnswer): Record<string, unknown> {
  const { resource, rows, plan, revoke, dryRun, lifetimes, hidden, partly } = answer;
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    resource: resource ?? null,
    connections: rows.map((row) => ({
      user: row.username,
      client: { clientId: row.client.clientId, name: row.client.name ?? null },
      product: row.presets[0] ?? null,
      way: row.way,
      servers: row.servers,
      since: time(row.since),
      lastUsed: row.lastUsed === undefined ? null : { at: time(row.lastUsed.at), by: row.lastUsed.by },
      sessions: row.sessions.filter(({ offline }) => !offline).length,
      offlineSessions: row.sessions.filter(({ offline }) => offline).length,
      consented: row.consented,
      goesOn: goesOn(row, answer),
    })),
    lifetimes,
    notVisible: hidden,
    leftOut: partly,
    changes: plan,
    applied: revoke && !dryRun,
    tokensWorkUntil: revoke && plan.length > 0 ? time(tokensUntil(answer)) : null,
  };
}
