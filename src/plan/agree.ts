import { askYes } from '../cli/ask.ts';
import type { Context } from '../cli/command.ts';
import { styleFor, wantsColor } from '../cli/style.ts';
import { McpkcError } from '../errors.ts';
import { visible } from '../text.ts';
import type { Plan } from './plan.ts';
import { planText } from './text.ts';

/**
 * Shows the planned changes on stderr, and asks once. CONSENT_NEEDED (exit status 5) where nobody agrees; nothing is
 * written by then.
 */
export async function agreeTo(
  context: Context,
  { server, plan, question }: { server: string; plan: Plan; question: string },
): Promise<void> {
  const { io, voice, settings } = context;
  const style = styleFor(wantsColor(io.env, io.stderr.isTerminal, settings.color), io.stderr.columns);
  voice.progress(undefined);
  if (plan.length > 0)
    io.stderr.write(`\n${style.bold(`At ${visible(server)}:`)}\n${planText(plan, style)}\n`);
  if (await askYes(context, question, false)) return;
  throw new McpkcError(
    'CONSENT_NEEDED',
    'Nothing was written: nobody agreed.',
    'Run the command again; --dry-run shows the plan alone.',
  );
}
