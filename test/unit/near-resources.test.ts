import { expect, it } from 'vitest';
import { nearResources } from '../../src/realm/mcp-scope.ts';
import { AUDIENCE_SCOPE, RESOURCE } from './status/seen.ts';

const realm = { scopes: [AUDIENCE_SCOPE] };

it.each([
  'https://svc.example.com/mcp/',
  'http://svc.example.com/mcp',
  'https://svc.exmaple.com/mcp',
  'https://svc.example.com/MCP'.replace('MCP', 'mcP'),
  'https://svd.example.com/mcp',
])('%s is named beside the one that is there', (resource) => {
  expect(nearResources(resource, realm)).toEqual([RESOURCE]);
});

it.each([RESOURCE, 'https://other.example.com/mcp', 'https://svc.example.com/other'])(
  '%s is not',
  (resource) => {
    expect(nearResources(resource, realm)).toEqual([]);
  },
);
