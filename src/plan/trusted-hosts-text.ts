import type { Style } from '../cli/style.ts';
import type { HostsOfPolicy } from '../realm/registration-policies.ts';
import { count, visible, wrap } from '../text.ts';

import type { Plan } from './plan.ts';
import { planText } from './text.ts';

/** What `trusted-hosts` answers with. */
export interface TrustedHostsAnswer {
  server: string;
  realm: string;
  policies: ({ name: string } & HostsOfPolicy)[];
  plan: Plan;
  dryRun: boolean;
}

/** The policies with their hosts and flags; the plan where one was made. */
export function trustedHostsText(
  { server, realm, policies, plan, dryRun }: TrustedHostsAnswer,
  style: Style,
): string {
  const header = `Hosts that may register clients in realm ${style.bold(visible(realm))} at ${server}\n`;
  const none = `${style.yellow('!')} ${wrap('There is no Trusted Hosts policy: anybody may register anything.', style.width - 2)}\n`;
  const body = policies.length === 0 ? none : policies.map((policy) => policyText(policy, style)).join('\n');
  if (plan.length === 0) return `${header}\n${body}`;
  const outcome = dryRun
    ? `${count(plan.length, 'change')} would be made; nothing was written (--dry-run).`
    : `${count(plan.length, 'change')} made.`;
  return `${header}\n${planText(plan, style)}\n${dryRun ? '' : `${body}\n`}${dryRun ? style.yellow('!') : style.green('✓')} ${outcome}\n`;
}

function policyText(
  { name, hosts, senderMatch, clientUrisMatch }: { name: string } & HostsOfPolicy,
  style: Style,
): string {
  const list =
    hosts.length === 0
      ? `    ${style.yellow('(none: every registration is refused)')}\n`
      : hosts.map((host) => `    ${visible(host)}\n`).join('');
  const sender = senderMatch
    ? style.yellow('on (refuses ChatGPT, which registers from changing addresses)')
    : 'off';
  const uris = clientUrisMatch ? 'on' : style.yellow('off (any redirect URI is accepted)');
  return `  ${style.bold(visible(name))}\n${list}    ${style.dim('sender must match:')} ${sender}\n    ${style.dim('redirect and client URIs must match:')} ${uris}\n`;
}
