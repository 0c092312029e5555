import type { Style } from '../../cli/style.ts';
import type { Change } from '../../plan/plan.ts';
import { modeSentence } from '../../plan/provisioning-text.ts';
import { planText } from '../../plan/text.ts';
import type { Mode } from '../../realm/marks.ts';
import { brief, count, formatCommand, visible, wrap } from '../../text.ts';

interface Shown {
  clientId: string;
  name: string | null;
  redirectUris: string[];
}

/** What `onboard` answers with. */
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
  others: readonly (Shown & { reason: string })[];
  audience: string[] | null;
  env: Record<string, string> | null;
}

/** Who was adopted and with what proof, who was not, the MCP server's environment, and what comes next. */
export function onboardText(answer: OnboardAnswer, style: Style): string {
  const { server, realm, resource, scope, mode, dryRun, kind } = answer;
  const head = `${style.bold(visible(resource))}\n  scope ${style.bold(visible(scope))} (${mode}), realm ${visible(realm)} at ${server}\n\n`;
  if (dryRun) return head + planned(answer, style);
  if (kind === 'close') return head + closed(answer, style);
  return (
    head +
    connector(answer, style) +
    others(answer, style) +
    environment(answer, style) +
    nextSteps(answer, style)
  );
}

function planned({ changes, kind }: OnboardAnswer, style: Style): string {
  const plan = changes.length === 0 ? '' : `${planText(changes, style)}\n`;
  const would = `${count(changes.length, 'change')} would be made`;
  const then = kind === 'next' ? ', then the window would be opened until a connector registers' : '';
  return `${plan}${style.yellow('!')} ${hang(`${would}${then}; nothing was written (--dry-run).`, style)}\n`;
}

function closed(answer: OnboardAnswer, style: Style): string {
  if (answer.changes.length === 0) return `${style.green('✓')} No window is open; nothing to do.\n`;
  return `${style.green('✓')} The window is closed.\n${others(answer, style)}`;
}

function connector({ client, audience, kind, resource }: OnboardAnswer, style: Style): string {
  if (!client) return '';
  const name = client.name === null ? '' : `${brief(client.name, 40)} `;
  const who = style.bold(`${name}${visible(client.clientId)}`);
  const what = kind === 'next' ? 'was adopted: it has the scope' : 'has the scope';
  const proof =
    audience === null
      ? 'Not proved: the realm has no user to make an example token for.'
      : `Proved: a token of it, as Keycloak would make it now, has ${visible(resource)} in aud.`;
  return `${style.green('✓')} ${who} ${what}.\n${wrap(proof, style.width, '  ')}\n`;
}

/** Who came too, and why not. */
function others({ others: list }: OnboardAnswer, style: Style): string {
  return list
    .map(({ clientId, name, reason }) => {
      const who = `${name === null ? '' : `${brief(name, 40)} `}${visible(clientId)}`;
      return `${style.yellow('!')} ${hang(`${who} was not adopted: ${visible(reason)}.`, style)}\n`;
    })
    .join('');
}

function environment({ env }: OnboardAnswer, style: Style): string {
  if (!env) return '';
  const lines = Object.entries(env).map(([key, value]) => `  ${key}=${visible(value)}`);
  const title = 'Environment of the MCP server (mcpkc env prints it in other formats):';
  return `\n${style.dim(title)}\n${lines.join('\n')}\n\n`;
}

function nextSteps({ resource, mode, list }: OnboardAnswer, style: Style): string {
  const served =
    mode === 'windowed'
      ? 'Mode windowed: this serves this one connection; who registers later gets no audience. For the next connection run onboard again.'
      : modeSentence(mode, list);
  return `${wrap(served, style.width)}\nNext: ${formatCommand(['validate', resource])}\n`;
}

/** Wrapped so that it may stand behind a sign. */
function hang(text: string, style: Style): string {
  return wrap(text, style.width, '  ').trimStart();
}
