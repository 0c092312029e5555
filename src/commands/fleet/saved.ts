import { z } from 'zod';
import type { Io } from '../../cli/io.ts';
import { readNamed } from '../../cli/named-files.ts';
import { inputError, McpkcError } from '../../errors.ts';
import type { FileText } from '../../fleet/read.ts';
import { visible } from '../../text.ts';
import { type RealmPlanned, requireSame, takeFingerprints } from './realm.ts';
import { realmName } from './text.ts';

const change = z.object({
  kind: z.string(),
  action: z.string(),
  key: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
const saved = z.object({
  schema: z.literal('mcpkc/plan/v1'),
  prune: z.boolean(),
  sources: z.array(z.object({ file: z.string(), text: z.string() })),
  realms: z.array(
    z.object({
      profile: z.string().nullable(),
      server: z.string().nullable(),
      realm: z.string().nullable(),
      error: z.unknown(),
      changes: z.array(change),
    }),
  ),
});

/** A plan as `plan --json` printed it. */
export interface SavedPlan {
  prune: boolean;
  /** The files that it was made from. */
  sources: FileText[];
  realms: z.infer<typeof saved>['realms'];
}

/** Reads a saved plan; INPUT_INVALID for anything else. */
export async function readSaved(io: Io, path: string): Promise<SavedPlan> {
  const text = await readNamed(io, '--plan', path === '-' ? '/dev/stdin' : path);
  const fix = 'Make one: mcpkc plan --json > plan.json';
  if (text === undefined) throw inputError('--plan', `there is no file ${visible(path)}`, fix);
  try {
    const { prune, sources, realms } = saved.parse(JSON.parse(text));
    return { prune, sources, realms };
  } catch {
    throw inputError('--plan', `${visible(path)} is not what mcpkc plan --json prints`, fix);
  }
}

/** Refuses (PLAN_MOVED, before anything is written anywhere) a plan that is not exactly the one that was saved. */
export function requireSaved({ realms: saved_ }: SavedPlan, realms: readonly RealmPlanned[]): void {
  for (const [at, one] of realms.entries()) {
    const was = saved_[at];
    const isSame = was?.server === (one.config?.server ?? null) && was?.realm === (one.config?.realm ?? null);
    if (!was || !isSame || was.error !== null || one.error !== undefined) {
      const why = one.error?.message ?? 'the plan was made for another realm, or failed there';
      throw new McpkcError(
        'PLAN_MOVED',
        `${realmName(one)}: ${why}. Nothing was written.`,
        'Make a new plan and look at it:\nmcpkc plan',
      );
    }
    requireSame(takeFingerprints(was.changes as never), takeFingerprints(one.changes), true);
  }
}
