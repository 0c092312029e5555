import type { Io } from '../cli/io.ts';
import type { Voice } from '../cli/voice.ts';
import { type Check, type Judgement, notRun } from './check.ts';
import type { Evidence, EvidenceParts, StepName, ValidationTarget } from './evidence.ts';
import type { Inside } from './inside.ts';
import type { Probes } from './probe-clients/probes.ts';
import type { Recorder } from './recorder.ts';
import type { SavedSignIn } from './saved-sign-in.ts';

/** The parts that a probe works with. */
export interface Run {
  readonly target: ValidationTarget;
  /** The evidence of the steps before. */
  readonly parts: Partial<EvidenceParts>;
  readonly recorder: Recorder;
  readonly probes: Probes;
  readonly inside: Inside | undefined;
  readonly io: Io;
  readonly voice: Voice;
  readonly signal: AbortSignal;
  /** The beginning of the run, milliseconds since the epoch. */
  readonly since: number;
  /** `--user`. */
  readonly user: string | undefined;
  readonly login: boolean;
  /** Whether one of these checks, or of these groups, is to be judged: nothing is sent for others alone. */
  wants(...ids: readonly string[]): boolean;
  /** The content of `--token-file`: a token, or a sign-in that `--save-token` kept. */
  readonly givenToken: string | undefined;
  readonly savedSignIn: SavedSignIn | undefined;
  /** `--save-token`, and each renewal of a saved sign-in: keeps it at once, since its old refresh token may be over. */
  readonly keepSignIn: ((saved: SavedSignIn) => Promise<void>) | undefined;
}

/** One probe, and the checks that judge what it found. */
export interface Step<Name extends StepName = StepName> {
  name: Name;
  /** The action, for the progress line. */
  doing: string;
  /** Steps whose evidence it uses. */
  after: readonly StepName[];
  probe(run: Run): Promise<EvidenceParts[Name]>;
  checks: readonly Check[];
}

/** A judge of one step's evidence; not run where the step did not come to an end. */
export function judgeBy<Name extends StepName>(
  name: Name,
  judge: (part: EvidenceParts[Name], evidence: Evidence) => Judgement,
): Check['judge'] {
  return (evidence) => {
    const part = evidence.parts[name];
    return part === undefined
      ? notRun(
          'The run ended before this was probed.',
          'Run it again; --request-timeout sets how long a request may take.',
        )
      : judge(part as EvidenceParts[Name], evidence);
  };
}

/**
 * The reason why something of the admin side is not known: the operator's choice, or no account. Neither is a failure.
 */
export function withoutAdmin({ outside }: ValidationTarget): Judgement {
  return outside
    ? { outcome: 'skipped', message: 'Takes the admin side (--outside).' }
    : { outcome: 'skipped', message: 'Takes the admin side, and no service account is configured.' };
}
