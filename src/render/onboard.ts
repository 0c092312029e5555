import type { Change } from '../plan.ts';
import type { Mode } from '../provision/desired.ts';
import { planText } from './plan.ts';
import { modeSentence } from './provisioning.ts';
import type { Style } from './style.ts';
import { brief, count, visible, wrap } from './text.ts';

/** What `onboard` answers with. */
export interface OnboardAnswer {
  server: string;
  realm: string;
  resource: string;
  scope: string;
  mode: Mode;
  list: 'default' | 'optional' | 'none';
  changes: readonly Change[];
  dryRun: boolean;
  closed: boolean;
  client: { clientId: string; name: string | null; redirectUris: string[] } | null;
  audience: string[] | null;
  env: Record<string, string> | null;
}

/** Who was adopted and with what proof, the MCP server's environment, and what comes next. */
export function onboardText(answer: OnboardAnswer, style: Style): string {
  const { server, realm, resource, scope, mode, changes, dryRun, client, env } = answer;
  const head = `${style.bold(visible(resource))}\n  scope ${style.bold(visible(scope))} (${mode}), realm ${visible(realm)} at ${server}\n`;
  if (dryRun) {
    const plan = changes.length === 0 ? '' : `\n${planText(changes, style)}`;
    const window = client ? '' : ` Then the window would be opened until a connector registers.`;
    return `${head}${plan}\n${style.yellow('!')} ${wrap(`${count(changes.length, 'change')} would be made; nothing was written (--dry-run).${window}`, style.width - 2)}\n`;
  }
  if (answer.closed) {
    const sentence = changes.length === 0 ? 'No window is open; nothing to do.' : 'The window is closed.';
    return `${head}\n${style.green('✓')} ${sentence}\n`;
  }
  return `${head}\n${environment(env, style)}${connector(answer, style)}${nextSteps(answer, style)}`;
}

function connector({ client, audience }: OnboardAnswer, style: Style): string {
  if (!client) return '';
  const name = client.name === null ? '' : `${brief(client.name, 40)} `;
  const lines = [
    `${style.green('✓')} ${style.bold(`${name}${visible(client.clientId)}`)} is connected to the audience.`,
  ];
  if (audience === null)
    lines.push(
      wrap(
        'No example token could be made: the realm has no user. mcpkc validate proves the rest.',
        style.width,
        '  ',
      ),
    );
  else lines.push(wrap(`Its token will carry aud: ${audience.map(visible).join(', ')}`, style.width, '  '));
  return `${lines.join('\n')}\n`;
}

function environment(env: Record<string, string> | null, style: Style): string {
  if (!env) return '';
  const lines = Object.entries(env).map(([key, value]) => `  ${key}=${visible(value)}`);
  return `${style.dim('Environment of the MCP server (mcpkc env prints it in other formats):')}\n${lines.join('\n')}\n\n`;
}

function nextSteps({ resource, mode, list }: OnboardAnswer, style: Style): string {
  const served =
    mode === 'windowed'
      ? 'Mode windowed: this serves this one connection; who registers later gets no audience. For the next connection run onboard again.'
      : modeSentence(mode, list);
  return `${wrap(served, style.width, '  ')}\n  Next: mcpkc validate ${visible(resource)}\n`;
}
