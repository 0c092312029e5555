import type { Style } from '../../cli/style.ts';
import type { GateReach, Reach } from '../../keycloak/read/role-holders.ts';
import type { Plan } from '../../plan/plan.ts';
import { outcomeLine, planText, serverHead } from '../../plan/text.ts';
import { type RoleName, roleLabel } from '../../realm/access.ts';
import type { Mode } from '../../realm/marks.ts';
import {
  type CommandPart,
  count,
  formatCommand,
  listNames,
  shellWord,
  typedList,
  visible,
  wrap,
} from '../../text.ts';

/** The answer of `access`. */
export interface AccessAnswer {
  server: string;
  realm: string;
  resource: string;
  scope: string;
  mode: Mode;
  /** The roles that let people in; undefined where everybody may, none where nobody may. */
  gates: readonly RoleName[] | undefined;
  /** The roles that mcpkc last set; undefined where it never did, or opened the server since. */
  remembered: readonly string[] | undefined;
  reach: Reach;
  /** Whether a role that nobody holds is mapped beside them. */
  isFailClosed: boolean;
  /** Whether it was restricted in the console, never by mcpkc. */
  byHand: boolean;
  /** Other scopes that carry the same audience. */
  around: readonly string[];
  plan: Plan;
  dryRun: boolean;
  isAsked: boolean;
}

/** The most people that are named. */
const NAMED = 100;
const SHOWN_GROUPS = 20;
/** Holders that are never looked at, since that needs a look at every client of the realm. */
const UNSEEN =
  'Not looked at: roles of clients that contain one of these and that no realm role contains; to find those takes a look at every client.';

/** The text: the people who may use the server and through what, the changes, and the way to let somebody in. */
export function accessText(answer: AccessAnswer, style: Style): string {
  const line = (text: string) => `${wrap(text, style.width)}\n`;
  return [
    `${serverHead(answer, style)}\n`,
    changes(answer, style),
    line(whoSentence(answer)),
    ...answer.reach.gates.map((gate) => gateLines(gate, style)),
    ...missing(answer).map(line),
    people(answer, style),
    ...notes(answer).map(line),
    howTo(answer, style),
  ].join('');
}

function changes({ plan, dryRun, isAsked }: AccessAnswer, style: Style): string {
  if (!isAsked) return '';
  const list = plan.length === 0 ? '' : `${planText(plan, style)}\n`;
  return `${list}${outcomeLine(plan, dryRun, style)}\n\n`;
}

function whoSentence(answer: AccessAnswer): string {
  const { gates, reach, dryRun, plan } = answer;
  const may = dryRun && plan.length > 0 ? 'Who would be allowed' : 'Who may';
  if (gates === undefined) return `${may}: everybody in the realm.`;
  if (gates.length === 0) return `${may}: nobody, since no role lets anybody in.${again(answer)}`;
  const names = listNames(gates.map(roleLabel));
  if (reach.everybody)
    return `${may}: everybody in the realm, since a default role lets people in (${names}).`;
  return `${may}: anybody who has ${gates.length === 1 ? 'the role' : 'one of the roles'} ${names}.`;
}

/** The way to let people in again where a server is shut. */
function again({ remembered = [], resource }: AccessAnswer): string {
  const line = (option: CommandPart) => formatCommand(['access', resource, option]);
  const roles =
    remembered.length === 0
      ? ''
      : ` To let in who has ${listNames(remembered)}:\n${line(['--role', typedList(remembered)])}\n`;
  return `${roles} To let everybody in:\n${line('--anybody')}`;
}

function gateLines({ role, isDefault, containers, direct, groups, users }: GateReach, style: Style): string {
  const name = style.bold(visible(roleLabel(role)));
  if (isDefault) return `  ${name}: everybody (a default role)\n`;
  const through = [
    ...(direct > 0 ? [`by a grant of their own: ${direct}`] : []),
    ...groups.slice(0, SHOWN_GROUPS).map(({ path, members }) => `by the group ${visible(path)}: ${members}`),
    ...(groups.length > SHOWN_GROUPS ? [`by ${count(groups.length - SHOWN_GROUPS, 'more group')}`] : []),
    ...(containers.length > 0
      ? [`grants of ${listNames(containers.map(roleLabel))} count: they contain it`]
      : []),
  ];
  const lines = through
    .map((one) => `${wrap(one, style.width, '    ')}\n`)
    .map((one) => one.replace(/^ {0,4}/, '    '));
  const composite = role.composite ? ' (it contains other roles: anybody who has one of them gets in)' : '';
  return `  ${name}: ${count(users.size, 'person', 'people')}${composite}\n${lines.join('')}`;
}

/** Roles that are named and not there: made by the plan, or gone. */
function missing({ gates = [], reach, dryRun }: AccessAnswer): string[] {
  const gone = gates.filter((gate) => !reach.gates.some(({ role }) => roleLabel(role) === roleLabel(gate)));
  return gone.length === 0 || dryRun ? [] : [`Not in the realm: ${listNames(gone.map(roleLabel))}.`];
}

function people({ gates, reach }: AccessAnswer, style: Style): string {
  if (gates === undefined || gates.length === 0 || reach.everybody) return '';
  const names = [...reach.people.values()].map(({ username }) => username).sort();
  const all = count(names.length, 'person', 'people');
  if (names.length === 0) return `${wrap('Nobody has it yet, as far as this account sees.', style.width)}\n`;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${wrap(`${all} in all: ${listNames(names.slice(0, NAMED))}${more}`, style.width)}\n`;
}

function notes({ gates, reach, isFailClosed, byHand, around, resource }: AccessAnswer): string[] {
  if (gates === undefined) return [];
  const take = formatCommand(['access', resource, ['--role', typedList(gates.map(roleLabel))]]);
  return [
    ...reach.hidden,
    ...(gates.length > 0 && !reach.everybody ? [UNSEEN] : []),
    ...(around.length > 0
      ? [`These scopes give the same audience, without a role of this server: ${listNames(around)}.`]
      : []),
    ...(byHand || !isFailClosed
      ? [
          `${byHand ? 'This was set up by hand. ' : ''}Where the role is deleted, Keycloak lets everybody in. To have it shut the server instead:\n${take}`,
        ]
      : []),
  ];
}

/** The way in which a person or a group gets the role: the console's path, and kcadm. */
function howTo({ gates, reach, realm, resource }: AccessAnswer, style: Style): string {
  if (gates === undefined) {
    const line = formatCommand(['access', resource, '--role', 'ROLE']);
    return `\nTo let in only those who have a role (put its name in):\n  ${line}\n`;
  }
  const own = gates.find(({ client }) => client === null);
  if (!own || reach.everybody) return '';
  const kcadm = (option: string, value: string) =>
    `  ${['kcadm.sh', 'add-roles', '-r', realm, option, value, '--rolename', own.name].map(shellWord).join(' ')}\n`;
  const console_ = `To let somebody in, in the admin console: Groups (or Users), the group (or person), Role mapping, Assign role, ${visible(own.name)}. Or (put the group or the person in):`;
  return `\n${wrap(console_, style.width)}\n${kcadm('--gpath', '/GROUP')}${kcadm('--uusername', 'USER')}`;
}

/** The document for scripts. */
export function accessDocument(answer: AccessAnswer): Record<string, unknown> {
  const { resource, scope, mode, gates, reach, isFailClosed, byHand, around, plan, dryRun } = answer;
  const names = [...reach.people.values()].map(({ username }) => username).sort();
  const known = gates !== undefined && gates.length > 0 && !reach.everybody;
  return {
    resource,
    scope,
    mode,
    access: gates === undefined || reach.everybody ? 'everybody' : gates.length === 0 ? 'nobody' : 'roles',
    roles: (gates ?? []).map((gate) => {
      const found = reach.gates.find(({ role }) => roleLabel(role) === roleLabel(gate));
      return {
        name: gate.name,
        client: gate.client,
        there: found !== undefined,
        composite: found?.role.composite ?? false,
        default: found?.isDefault ?? false,
        within: found?.containers.map(roleLabel) ?? [],
        people: found === undefined || found.isDefault ? null : found.users.size,
        direct: found?.direct ?? 0,
        groups: found?.groups ?? [],
      };
    }),
    people: known
      ? { count: names.length, names: names.slice(0, NAMED), complete: reach.hidden.length === 0 }
      : null,
    failClosed: gates === undefined ? null : isFailClosed,
    byHand,
    otherScopes: around,
    notVisible: reach.hidden,
    changes: plan,
    applied: !dryRun,
  };
}
