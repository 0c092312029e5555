import type { Io } from '../../cli/io.ts';
import type { Voice } from '../../cli/voice.ts';
import type { Config } from '../../config/config.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import type { Change } from '../../plan/plan.ts';
import type { Preset } from '../../products/preset.ts';
import type { Role, RoleName } from '../../realm/access.ts';
import type { NamedServer } from '../../realm/mcp-server.ts';
import type { RunId } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { brief, visible } from '../../text.ts';

/** The facts that every part of an onboarding knows: the MCP server as it is wanted, and the run's tools. */
export interface Onboarding extends NamedServer {
  io: Io;
  config: Config;
  keycloak: Keycloak;
  voice: Voice;
  signal: AbortSignal;
  presets: readonly Preset[];
  /** The roles that let people in; undefined where everybody may. */
  gates: readonly RoleName[] | undefined;
  /** Those of them that were there before the run. */
  gateRoles: readonly Role[];
  /** This run, for the record. */
  me: RunId;
  /** The writes so far, oldest first; the answer's `changes`. */
  changes: Change[];
  timeline: Moment[];
}

/** Something that happened, for the answer. */
export interface Moment {
  /** The time as ISO 8601, UTC. */
  at: string;
  event: string;
}

/** Shows the operator an event, and keeps it for the answer. */
export function tell(run: Onboarding, event: string): void {
  const at = new Date(run.io.now()).toISOString();
  run.timeline.push({ at, event });
  run.voice.note(`${at.slice(11, 19)}  ${event}`);
}

/** A client for people: its name, cut and made harmless, and its id. */
export function labelClient({ name, clientId }: Pick<Client, 'name' | 'clientId'>): string {
  return name ? `${brief(name, 40)} (${visible(clientId)})` : visible(clientId);
}
