import { authorizationStep } from './authorization.ts';
import { challengeStep } from './challenge.ts';
import type { Check } from './check.ts';
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

/** Groups in the order in which the playbook has them. */
const GROUPS = ['META', 'CHAL', 'PRM', 'ASM', 'CLIENT', 'REG', 'AUTHZ', 'TOK', 'MCP', 'LOG'];

/** Every check, in the playbook's order. */
export const CHECKS: readonly Check[] = GROUPS.flatMap((group) =>
  STEPS.flatMap(({ checks }) => checks).filter(({ id }) => id.startsWith(`${group}-`)),
);
