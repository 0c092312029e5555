import { instructions } from './instructions.ts';
import { type Run, tell } from './run.ts';
import type { Window } from './window.ts';

/** Tells the operator that the window is open, until when, and what to do now; gives the time when it is up. */
export function beginWaiting(run: Run, { newcomers }: Window, timeoutMs: number): number {
  const { io, voice } = run;
  const deadline = io.now() + timeoutMs;
  tell(run, `The window for ${run.resource} is open until ${clock(deadline, io.now())} UTC.`);
  voice.note(instructions(run));
  if (!newcomers.tellsRefusals) {
    voice.note(
      'This realm stores no events of refused registrations, so they can’t be shown here (mcpkc init --events 30d turns them on).',
    );
  }
  voice.progress('waiting for a registration');
  return deadline;
}

/** Hours, minutes, seconds; with the day where it isn't today. */
function clock(time: number, now: number): string {
  const [day, rest = ''] = new Date(time).toISOString().split('T');
  const today = new Date(now).toISOString().split('T')[0];
  return `${day === today ? '' : `${day} `}${rest.slice(0, 8)}`;
}
