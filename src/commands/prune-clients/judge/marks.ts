import type { FirstSeen, Marks, StageMark } from './evidence.ts';

/** Attributes that pruning writes on clients. */
export const PRUNE_ATTRIBUTE = {
  /** `marked <time>` or `disabled <time>`. */
  stage: 'mcpkc.prune',
  /** `<time>`, or `<time> after <time>`. */
  firstSeen: 'mcpkc.first-seen',
  /** `<time>` of a sign of life. */
  lastSeen: 'mcpkc.last-seen',
} as const;

const TIME = String.raw`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z)`;
const STAGE = new RegExp(`^(marked|disabled) ${TIME}$`);
const FIRST = new RegExp(`^${TIME}(?: after ${TIME})?$`);
const LAST = new RegExp(`^${TIME}$`);

function time(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** What the attributes of a client say; an empty one is none. */
export function readMarks(attributes: Readonly<Record<string, string>>): Marks {
  const value = (name: string) =>
    Object.hasOwn(attributes, name) && attributes[name] !== '' ? attributes[name] : undefined;
  const { stage, firstSeen, lastSeen } = PRUNE_ATTRIBUTE;
  const [, name, stageAt] = STAGE.exec(value(stage) ?? '') ?? [];
  const [, firstAt, after] = FIRST.exec(value(firstSeen) ?? '') ?? [];
  const [, lastAt] = LAST.exec(value(lastSeen) ?? '') ?? [];
  const [at, first, last] = [time(stageAt), time(firstAt), time(lastAt)];
  const malformed = [
    value(stage) !== undefined && at === undefined ? [stage] : [],
    value(firstSeen) !== undefined && first === undefined ? [firstSeen] : [],
    value(lastSeen) !== undefined && last === undefined ? [lastSeen] : [],
  ].flat();
  return {
    firstSeen: first === undefined ? undefined : { at: first, after: time(after) },
    lastSeen: last,
    stage: at === undefined ? undefined : { stage: name as StageMark['stage'], at },
    malformed,
  };
}

/** The attribute's text for a stage; '' takes it away. */
export function stageText(mark: StageMark | undefined): string {
  return mark === undefined ? '' : `${mark.stage} ${iso(mark.at)}`;
}

/** The attribute's text for a first look. */
export function firstSeenText({ at, after }: FirstSeen): string {
  return after === undefined ? iso(at) : `${iso(at)} after ${iso(after)}`;
}

const DAY_MS = 86_400_000;

/** The attribute's text for a sign of life, where it says something new: none was known, or one a day older. */
export function lastSeenText(known: number | undefined, seen: number): string | undefined {
  return known !== undefined && seen - known < DAY_MS ? undefined : iso(seen);
}
