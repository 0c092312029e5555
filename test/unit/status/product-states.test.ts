import { expect, it } from 'vitest';
import { productStates } from '../../../src/findings/product-states.ts';
import { chatgpt } from '../../../src/products/chatgpt.ts';
import { qwenCode } from '../../../src/products/qwen-code.ts';
import { found, seen } from './seen.ts';

it('a product that no Keycloak can register is stopped, and its fix makes a client for it', () => {
  const presets = { presets: [chatgpt, qwenCode] };
  const findings = found({}, presets);
  expect(findings).toMatchObject([
    {
      code: 'PRODUCT_CANNOT_REGISTER',
      fix: { text: expect.stringContaining('--preset qwen-code --by client') },
    },
  ]);
  const states = productStates(seen({}, presets), findings, true);
  expect(states.map(({ preset, verdict }) => `${preset}: ${verdict}`)).toEqual([
    'chatgpt: ready',
    'qwen-code: stopped',
  ]);
});
