import { askYes } from '../cli/ask.ts';
import type { Context } from '../cli/command.ts';
import { rememberShownPlan } from '../cli/known-plan.ts';
import { isColorWanted, styleFor } from '../cli/style.ts';
import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { count, fitToWidth, visible, wrap } from '../text.ts';
import { type Plan, type Reservation, requireConsent } from './plan.ts';
import { planText } from './text.ts';

/**
 * Shows the planned changes on stderr, and asks once. CONSENT_NEEDED (exit status 5) where nobody agrees; nothing is
 * written by then.
 */
export async function agreeTo(
  context: Context,
  {
    server,
    plan,
    reserved = [],
    stays = [],
    question,
  }: {
    server: string;
    plan: Plan;
    reserved?: readonly Reservation[];
    /** Things that stay as they are, as sentences. */
    stays?: readonly string[];
    question: string;
  },
): Promise<void> {
  const { io, voice, settings } = context;
  const style = styleFor(isColorWanted(io.env, io.stderr.isTerminal, settings.color), io.stderr.columns);
  voice.progress(undefined);
  if (plan.length > 0) {
    const shown = `\n${style.bold(`At ${visible(server)}:`)}\n${planText(plan, style)}\n`;
    io.stderr.write(fitToWidth(shown, style.width));
    rememberShownPlan(io);
  }
  for (const line of stays) io.stderr.write(`${wrap(visible(line), style.width)}\n`);
  for (const { message } of reserved) voice.warn(message);
  if (await askYes(context, question, false)) return;
  throw new McpkcError(
    'CONSENT_NEEDED',
    'The answer was no: nothing was written.',
    '--dry-run shows the plan alone.',
  );
}

/**
 * The consent to a plan by which somebody loses something. At a terminal the plan is shown with the loss, and asked about
 * once; elsewhere the loss takes `--yes`.
 */
export async function agreeToLoss(
  context: Context,
  {
    yes,
    ...asked
  }: {
    server: string;
    plan: Plan;
    reserved: readonly Reservation[];
    stays?: readonly string[];
    question: string;
    yes: boolean;
  },
): Promise<void> {
  if (yes || !context.settings.input) return requireConsent(asked.reserved, yes);
  await agreeTo(context, asked);
}

/**
 * The consent to a plan of any command that writes to a realm. At a terminal the plan is shown, with what it takes from
 * somebody, and asked about once. Elsewhere what takes something from somebody needs `--yes`, and the rest goes on. Both
 * refusals are CONSENT_NEEDED (exit status 5), before anything is written.
 */
export async function agreeToPlan(
  context: Context,
  { server, realm }: Pick<Keycloak, 'server' | 'realm'>,
  { plan, reservations, yes }: { plan: Plan; reservations: readonly Reservation[]; yes: boolean },
): Promise<void> {
  if (yes || !context.settings.input || plan.length === 0) return requireConsent(reservations, yes);
  const question = `Make ${count(plan.length, 'change')} in realm ${visible(realm)}?`;
  await agreeTo(context, { server, plan, reserved: reservations, question });
}
