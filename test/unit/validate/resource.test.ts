import { expect, it } from 'vitest';
import type { Evidence } from '../../../src/checks/evidence.ts';
import { resource } from '../../../src/checks/resource-metadata-fields.ts';
import { resolvePresets } from '../../../src/products/resolve.ts';

const MCP = 'https://svc.example.com/mcp';

const judged = (products: readonly string[], value: string) => {
  const target = { mcp: MCP, presets: resolvePresets(products) };
  const parts = { 'resource-metadata': { document: { resource: value } } };
  return resource.judge({ target, parts } as unknown as Evidence);
};

it.each([
  [['codex', 'mcporter'], 'https://svc.example.com', 'pass'],
  [['codex', 'mcporter'], 'https://svc.example.com/other', 'fail'],
  [['codex', 'mcporter'], 'http://svc.example.com', 'fail'],
  [['codex', 'gemini-cli'], 'https://svc.example.com', 'fail'],
  [['chatgpt'], 'https://svc.example.com', 'fail'],
  [['codex'], MCP, 'pass'],
])('for %s the resource %s is: %s', (products, value, outcome) => {
  const { outcome: found, warning } = judged(products, value);
  expect({ found, warns: warning === true }).toEqual({
    found: outcome,
    warns: outcome === 'pass' && value !== MCP,
  });
});
