import { numberedSteps } from '../../cli/steps.ts';
import type { Style } from '../../cli/style.ts';
import type { Change } from '../../plan/plan.ts';
import { modeSentence } from '../../plan/provisioning-text.ts';
import { changeName, planText, serverHead } from '../../plan/text.ts';
import { connectSteps } from '../../products/connect.ts';
import type { Mode } from '../../realm/marks.ts';
import { brief, count, formatCommand, keepAsIs, listNames, typedList, visible, wrap } from '../../text.ts';
import type { Onboarding } from './onboarding.ts';

interface Shown {
  clientId: string;
  name: string | null;
  redirectUris: string[];
}

/** The answer of `onboard`. */
export interface OnboardAnswer {
  kind: 'next' | 'named' | 'close';
  server: string;
  realm: string;
  resource: string;
  scope: string;
  mode: Mode;
  list: 'default' | 'optional' | 'none';
  changes: readonly Change[];
  dryRun: boolean;
  client: Shown | null;
  others: readonly (Shown & { reason: string; command: string | null })[];
  /** Earlier adoptions that nobody is signed in with. */
  unused: readonly { clientId: string; since: string }[];
  audience: string[] | null;
  /** The roles that let people in; null where everybody may. */
  roles: string[] | null;
  /** The reasons why the client's next sign-in may fail though its tokens would have the audience. */
  doubts: readonly string[];
  env: Record<string, string> | null;
}

/**
 * The text: the adopted client and its proof, those that were not adopted, the MCP server's environment, and the next
 * step.
 */
export function onboardText(answer: OnboardAnswer, style: Style): string {
  const { server, realm, resource, scope, mode, dryRun, kind } = answer;
  const head = `${serverHead({ server, realm, resource, scope, mode }, style)}\n`;
  if (dryRun) return head + planned(answer, style);
  if (kind === 'close') return head + closed(answer, style);
  return (
    head +
    changed(answer, style) +
    connector(answer, style) +
    others(answer, style) +
    takeOver(answer, style) +
    environment(answer, style) +
    nextSteps(answer, style)
  );
}

function planned({ changes, kind }: OnboardAnswer, style: Style): string {
  const plan = changes.length === 0 ? '' : `${planText(changes, style)}\n`;
  const would = `${count(changes.length, 'change')} would be made`;
  const then = kind === 'next' ? ', then a connector would be waited for' : '';
  return `${plan}${style.yellow('!')} ${hang(`${would}${then}; nothing was written (--dry-run).`, style)}\n`;
}

function closed(answer: OnboardAnswer, style: Style): string {
  const said =
    answer.changes.length === 0
      ? 'Nothing is open; nothing to do.'
      : 'Nothing is open any more: the mode is adopted.';
  return `${style.green('✓')} ${said}\n`;
}

function connector(answer: OnboardAnswer, style: Style): string {
  const { client, audience, doubts, kind, resource, roles } = answer;
  if (!client) return '';
  const name = client.name === null ? '' : `${brief(client.name, 40)} `;
  const who = style.bold(`${name}${visible(client.clientId)}`);
  const what =
    kind === 'next' ? 'is adopted' : 'is adopted: its person signs in again, or waits for the next refresh';
  const proof =
    audience === null
      ? roles === null
        ? 'Not verified: the realm has no user to make an example token for.'
        : `Not verified: nobody is known who has the role ${listNames(roles)}. To see who may use it: ${formatCommand(['access', resource])}`
      : doubts.length > 0
        ? `Not verified: tokens issued to it would carry ${visible(resource)} in \`aud\`, but ${doubts.join('; ')}.`
        : `Verified: tokens issued to it now carry ${visible(resource)} in \`aud\`.`;
  return `${style.green('✓')} ${who} ${what}.\n${wrap(proof, style.width, '  ')}\n`;
}

/** The writes beside the adoption, a line per change; the plan has the details (--dry-run). */
function changed({ changes }: OnboardAnswer, style: Style): string {
  if (changes.length === 0) return '';
  const lines = changes.map((change) => wrap(changeName(change), style.width, '  '));
  return `Changed in the realm:\n${lines.join('\n')}\n\n`;
}

/** The other newcomers, each with the reason against it. */
function others({ others: list }: OnboardAnswer, style: Style): string {
  return list
    .map(({ clientId, name, reason, command }) => {
      const who = `${name === null ? '' : `${brief(name, 40)} `}${visible(clientId)}`;
      const way = command === null ? '' : `  ${command}\n`;
      return `${style.yellow('!')} ${hang(`${who} was not adopted: ${visible(reason)}.`, style)}\n${way}`;
    })
    .join('');
}

/**
 * Removals that are offered, never done: a client that nobody is signed in with now may still be somebody's connector.
 */
function takeOver({ unused, resource }: OnboardAnswer, style: Style): string {
  return unused
    .map(({ clientId, since }) => {
      const what = `${visible(clientId)}, adopted ${since}, has no session. Where the new one takes its place, revoke it:`;
      const words = formatCommand([
        'create-scope',
        ['--resource', resource],
        ['--detach', typedList([clientId])],
      ]);
      return `${style.yellow('!')} ${hang(what, style)}\n  ${words}\n`;
    })
    .join('');
}

function environment({ env }: OnboardAnswer, style: Style): string {
  if (!env) return '';
  const lines = Object.entries(env).map(([key, value]) => keepAsIs(`  ${key}=${visible(value)}`));
  const title = 'Environment of the MCP server (mcpkc env prints it in other formats):';
  return `\n${style.dim(title)}\n${lines.join('\n')}\n\n`;
}

function nextSteps({ resource, mode, list }: OnboardAnswer, style: Style): string {
  const served =
    mode === 'adopted'
      ? 'Adopted clients only: to connect another, run onboard again.'
      : modeSentence(mode, list);
  return `${wrap(served, style.width)}\nNext: ${formatCommand(['validate', resource])}\n`;
}

/** Wrapped so that it may stand behind a sign. */
function hang(text: string, style: Style): string {
  return wrap(text, style.width, '  ').trimStart();
}

/** The operator's next steps in the product, in plain words. */
export function writeInstructions({ presets, resource }: Pick<Onboarding, 'presets' | 'resource'>): string {
  const lines = presets.flatMap((preset, index) => [
    `${index === 0 ? 'Now' : 'Or'}, in ${preset.title}:`,
    ...numberedSteps(connectSteps(preset, resource), {
      bold: (text) => text,
      width: Number.POSITIVE_INFINITY,
    }),
  ]);
  return [...lines, 'Ctrl-C ends the waiting; nothing stays open.'].join('\n');
}
