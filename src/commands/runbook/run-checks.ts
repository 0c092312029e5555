import { answerOf } from '../../checks/answer.ts';
import { validate } from '../../checks/validate.ts';
import type { Context } from '../../cli/command.ts';
import type { Config } from '../../config/config.ts';
import type { Preset } from '../../products/preset.ts';
import type { Results } from './facts.ts';

/**
 * The results of `validate`: with the account from inside, without one from outside. Registers probes and removes them.
 */
export async function runChecks(
  context: Context,
  config: Config,
  { resource, presets }: { resource: string; presets: readonly Preset[] },
): Promise<Results['checks']> {
  const findings = await validate(context, config, {
    mcp: resource,
    presets: [...presets],
    only: [],
    skip: [],
    outside: false,
    noRegistration: false,
    client: undefined,
    requireUser: false,
    manifest: false,
    login: false,
    allowPrivate: false,
    user: undefined,
    token: undefined,
    saved: undefined,
    keep: undefined,
  });
  const { checks } = answerOf(findings, { config, failOn: 'must' });
  return checks.map(({ id, severity, outcome, message }) => ({ id, severity, outcome, message }));
}
