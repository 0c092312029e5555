import type { Style } from '../cli/style.ts';
import { roleLabel } from '../realm/access.ts';
import type { Mode } from '../realm/marks.ts';
import { formatCommand, listNames, wrap } from '../text.ts';
import type { AccessPlan } from './access.ts';

import type { Plan } from './plan.ts';
import { outcomeLine, planText, type ServerPlace, serverHead } from './text.ts';

/** The answer of create-scope, and of onboard with a client id. */
export interface ProvisioningAnswer extends ServerPlace {
  plan: Plan;
  dryRun: boolean;
  /** The outcome where nothing is planned; else that everything is as it should be. */
  nothing?: string;
  /** Sentences that come last: the clients that the mode serves, and the next step. */
  next: string[];
}

/** Header, plan, and next steps. */
export function provisioningText(answer: ProvisioningAnswer, style: Style): string {
  const { plan, dryRun, nothing, next } = answer;
  const list = plan.length === 0 ? '' : `\n${planText(plan, style)}`;
  const tail = next.map((line) => `${wrap(line, style.width)}\n`).join('');
  return `${serverHead(answer, style)}${list}\n${outcomeLine(plan, dryRun, style, nothing)}\n${tail}`;
}

/** Sentences about who may use the server, where not everybody may. */
export function gatesSentences({ gates }: AccessPlan, resource: string): string[] {
  if (gates === undefined) return [];
  const roles = listNames(gates.map(roleLabel));
  const who =
    gates.length === 0
      ? 'Nobody may use it: no role lets anybody in.'
      : `Only who has the role ${roles} may use it.`;
  return [`${who} To see who that is, and how to let somebody in: ${formatCommand(['access', resource])}`];
}

/** A sentence about the clients that a mode serves. */
export function modeSentence(mode: Mode, list: 'default' | 'optional' | 'none'): string {
  if (mode === 'adopted') {
    return 'Mode adopted: only clients that were adopted get this audience. To connect one: mcpkc onboard';
  }
  if (list === 'optional') {
    return 'Mode standing (optional): every client made in this realm from now on, by registration or in the console, can ask for the scope by name. The MCP server’s metadata must list it in scopes_supported.';
  }
  return 'Mode standing: every client made in this realm from now on, by registration or in the console, inherits this audience. Clients whose registration names scopes (MCP SDK, VS Code, Codex) need the scope in the MCP server’s scopes_supported.';
}
