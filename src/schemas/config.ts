import { z } from 'zod';
import { CONFIG_KEYS } from '../config/schema.ts';
import { presetEntry } from '../products/custom.ts';

/** The config file: every key may be left out, be null or ''; names that begin with `//` or `_` are comments. */
export function configSchema(): z.ZodType {
  const keys = CONFIG_KEYS.map(({ key, shape, description, secret }) => {
    const value = key === 'presets' ? z.array(presetEntry) : shape;
    const known = value.nullable().optional();
    const note = `${description}; better in the file that KC_CLIENT_SECRET_FILE names`;
    return [key, secret ? known.describe(note) : known];
  });
  return z.strictObject({ $schema: z.string().optional(), ...Object.fromEntries(keys) });
}
