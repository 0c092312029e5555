import { numberedSteps } from '../../cli/steps.ts';
import type { Style } from '../../cli/style.ts';
import type { RealmPlan } from '../../plan/plan.ts';
import { outcomeLine, planText, serverHead } from '../../plan/text.ts';
import { connectSteps, givenSteps } from '../../products/connect.ts';
import type { Prospect } from '../../products/way.ts';
import type { Mode } from '../../realm/marks.ts';
import { count, formatCommand, listNames, typedList, visible, wrap } from '../../text.ts';
import type { AllowedProduct } from './allow.ts';
import type { AllowedRow } from './list.ts';
import type { Removed } from './remove.ts';

/** The place that an answer is about. */
export interface AllowPlace {
  server: string;
  realm: string;
  resource: string;
  scope: string;
  mode: Mode;
}

/** The answer of `allow`. */
export interface AllowAnswer extends AllowPlace {
  plan: RealmPlan;
  dryRun: boolean;
  products: readonly AllowedProduct[];
}

/**
 * The steps of a person in a product: those of its document, of its static client, or those that any product asks for.
 */
export function stepsFor({ target, secretFile }: AllowedProduct, resource: string): string[] {
  const { preset, way, clientId } = target;
  if (preset && way === 'document') return connectSteps(preset, resource);
  const given = { clientId, secretFile };
  if (preset?.withClient) return givenSteps(preset.withClient.steps, resource, given);
  const secret =
    secretFile === undefined
      ? 'leave the client secret empty'
      : `as the client secret what stands in the file ${secretFile}`;
  return [
    `Add an MCP server (HTTP) with the URL ${resource}.`,
    `Where it asks for OAuth credentials, enter ${clientId} as the client id, and ${secret}.`,
    'Sign in, and say yes on the consent page.',
  ];
}

/** The plan, then each product: its client, the steps of a person in it, and its prospect here. */
export function allowText(answer: AllowAnswer, style: Style): string {
  const { plan, dryRun, products, resource } = answer;
  const list = plan.length === 0 ? '' : `\n${planText(plan, style)}`;
  const blocks = products.map((one) => `\n${productText(one, answer, style)}`);
  const next = dryRun ? '' : `\nNext: ${formatCommand(['validate', resource])}\n`;
  return `${serverHead(answer, style)}${list}\n${outcomeLine(plan, dryRun, style)}\n${blocks.join('')}${next}`;
}

const SIGN: Record<Prospect['connects'], string> = { yes: '✓', no: '✗', unknown: '?' };

function productText(product: AllowedProduct, { resource, dryRun }: AllowAnswer, style: Style): string {
  const { target, secretFile, secret, audience, prospect, alsoOpens, superfluous } = product;
  const { name, way, clientId, leftOut } = target;
  const line = (text: string) => wrap(text, style.width, '  ');
  const kind = target.secret === 'none' ? 'public' : 'confidential';
  const proof =
    audience === undefined
      ? 'Not verified: the realm has no user to make an example token for.'
      : `Verified: tokens issued to it now carry ${visible(resource)} in \`aud\`.`;
  const place =
    secretFile === undefined
      ? []
      : [`  secret     ${dryRun ? 'would be' : 'is'} in ${visible(secretFile)}${dryRun ? '' : ' (0600)'}`];
  const notes = [
    ...(dryRun ? [] : [proof]),
    ...(leftOut.length > 0
      ? [`Not allowed, since each connection has a path of its own: ${leftOut.map(visible).join(', ')}.`]
      : []),
    ...(alsoOpens.length > 0
      ? [
          `Its tokens open ${listNames(alsoOpens)} too, unless roles or resource indicators keep them apart: each server can use them at the others.`,
        ]
      : []),
    ...(superfluous.length > 0
      ? [
          `Registered clients of ${visible(name)} that aren’t needed any more: ${listNames(superfluous)}. They stay until prune-clients.`,
        ]
      : []),
  ];
  const paint = { yes: style.green, no: style.red, unknown: style.yellow }[prospect.connects];
  const verdict = wrap(prospect.message, style.width, '  ').trimStart();
  return `${[
    `${style.bold(visible(name))} by ${way} (${kind})`,
    `  client id  ${style.bold(visible(clientId))}`,
    ...place,
    ...(secret === undefined ? [] : [`  secret     ${secret}`]),
    ...notes.map(line),
    '  To connect:',
    ...numberedSteps(stepsFor(product, resource), style),
    `${paint(SIGN[prospect.connects])} ${verdict}`,
  ].join('\n')}\n`;
}

const STATES: Record<AllowedRow['state'], string> = {
  ok: '',
  gone: 'its client is gone: run allow again',
  other: 'another client has its id: run allow again',
  'without-audience': 'it lost the audience: run allow again',
  disabled: 'it is disabled',
};

/** `--list`: by resource, which product connects which way. */
export function listText(rows: readonly AllowedRow[], resource: string | undefined, style: Style): string {
  if (rows.length === 0) {
    const where = resource === undefined ? 'in this realm' : `to ${visible(resource)}`;
    const line = formatCommand([
      'allow',
      ...(resource === undefined ? [] : [resource]),
      ['--preset', 'claude'],
    ]);
    return `Nothing connects ${where} without registering.\nTo let Claude (mcpkc presets lists other products):\n  ${line}\n`;
  }
  const resources = [...new Set(rows.map((row) => row.resource))];
  const blocks = resources.map((one) => {
    const lines = rows.filter((row) => row.resource === one).map((row) => rowText(row, style));
    return `${style.bold(visible(one))}\n${lines.join('')}`;
  });
  return blocks.join('\n');
}

function rowText({ products, way, clientId, since, signedIn, state }: AllowedRow, style: Style): string {
  const who = products.length === 0 ? 'a client of its own' : listNames(products);
  const users =
    signedIn === null
      ? ''
      : `, ${signedIn.more ? 'at least ' : ''}${count(signedIn.users, 'user')} signed in`;
  const text = `${who} by ${way}: ${visible(clientId)}, since ${since.slice(0, 10)}${users}`;
  const fault = state === 'ok' ? '' : `\n    ${style.yellow('!')} ${STATES[state]}`;
  return `${wrap(text, style.width, '  ')}${fault}\n`;
}

/** The answer of `--remove`. */
export interface RemovalAnswer extends AllowPlace {
  plan: RealmPlan;
  dryRun: boolean;
  removed: readonly Removed[];
  scopesGo: boolean;
  /** Files with secrets that were removed from this machine. */
  files: readonly string[];
}

/** The plan of a removal, and the outcome of each client. */
export function removalText(answer: RemovalAnswer, style: Style): string {
  const { plan, dryRun, removed, scopesGo, files } = answer;
  const list = plan.length === 0 ? '' : `\n${planText(plan, style)}`;
  const lines = removed.map(({ entry, client, others, users, more }) => {
    const id = visible(entry.client.clientId);
    if (!client) return `${id} is gone, or another client has its id: nothing was done to it.`;
    const whom = `${more ? 'at least ' : ''}${count(users, 'user')} signed in`;
    return others.length === 0
      ? `${id}: ${whom}.`
      : `${id} stays for ${listNames(others)}; ${whom}. Take it from those too: ${formatCommand(['allow', others[0] ?? '', ['--client-id', typedList([entry.client.clientId])], '--remove'])}`;
  });
  const scopes = scopesGo ? ['The resource’s scopes go with it: nothing else uses them.'] : [];
  const nothing = removed.length === 0 ? ['Nothing of that kind was allowed.'] : [];
  const secrets = files.map((file) => `Its secret was removed: ${visible(file)}.`);
  const tail = [...nothing, ...lines, ...secrets, ...scopes]
    .map((line) => `${wrap(line, style.width)}\n`)
    .join('');
  return `${serverHead(answer, style)}${list}\n${outcomeLine(plan, dryRun, style)}\n${tail}`;
}
