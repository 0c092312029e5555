import { authorizationStep } from './authorization.ts';
import { challengeStep } from './challenge.ts';
import { type Check, GROUP_TITLES } from './check.ts';
import { logCorrelationStep } from './log-correlation.ts';
import { mcpStep } from './mcp.ts';
import { registrationStep } from './registration.ts';
import { resourceMetadataStep } from './resource-metadata.ts';
import { serverMetadataStep } from './server-metadata.ts';
import type { Step } from './step.ts';
import { tokenStep } from './token.ts';

/** The steps in their order. */
export const STEPS: readonly Step[] = [
  challengeStep,
  resourceMetadataStep,
  serverMetadataStep,
  registrationStep,
  authorizationStep,
  tokenStep,
  mcpStep,
  logCorrelationStep,
];

/** Every check, in the playbook's order. */
export const CHECKS: readonly Check[] = Object.keys(GROUP_TITLES).flatMap((group) =>
  STEPS.flatMap(({ checks }) => checks).filter(({ id }) => id.startsWith(`${group}-`)),
);
