import { checklistSection } from './checklist.ts';
import type { RunbookFacts } from './facts.ts';
import { flowSection, keycloakSection } from './keycloak.ts';
import { code } from './markdown.ts';
import { mcpServerSection } from './mcp-server.ts';
import { olderGuidesSection } from './older-guides.ts';
import { anotherSection, connectSection, productsSection } from './products.ts';
import { failureSection, proveSection } from './prove.ts';
import { valuesSection } from './values.ts';

/** The first line of every runbook: by it a file is known as one that may be written again. */
export const RUNBOOK_MARK = '<!-- written by mcpkc runbook; changes are lost when it is written again -->';

/** A runbook as Markdown: how this deployment is made, proved and fixed. */
export function runbookText(facts: RunbookFacts): string {
  const { mcpServer, version, day, presets } = facts;
  const title = `# Runbook: ${code(mcpServer.resource)} behind Keycloak`;
  const written = `Written on ${day} by mcpkc ${version}. The commands take their configuration from the folder in which they run.`;
  return `${[
    RUNBOOK_MARK,
    title,
    written,
    valuesSection(facts),
    checklistSection(facts),
    flowSection(facts),
    keycloakSection(facts),
    mcpServerSection(facts),
    connectSection(facts),
    proveSection(facts),
    failureSection(facts),
    ...(presets.length === 0 ? [] : [productsSection(facts)]),
    anotherSection(),
    olderGuidesSection(),
  ].join('\n\n')}\n`;
}
