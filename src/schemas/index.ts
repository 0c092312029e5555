import { z } from 'zod';
import { CONFIG_KEYS } from '../config/schema.ts';
import { fleetSchema } from '../fleet/schema.ts';
import { presetEntry } from '../products/custom.ts';
import { schemaUrn } from '../schema-urn.ts';
import { documentSchemas } from './documents.ts';

/** Names of keys that are comments in the config file. */
const COMMENTS = ['^//', '^_(?!_)'];

/** The JSON Schema of a file of MCP servers. */
export const fleetJsonSchema = (): object =>
  published('fleet', 'A file of MCP servers (mcpkc.yaml)', fleetSchema);

/**
 * Every JSON Schema that the package holds (draft 2020-12): the name of its file in `schemas/` → the schema. `commands`:
 * the names of all commands.
 */
export function jsonSchemas(commands: readonly string[]): Record<string, object> {
  const documents = documentSchemas((shape) => z.looseObject(shape), commands);
  const config = {
    ...published('config', 'Configuration of mcpkc', configSchema()),
    patternProperties: Object.fromEntries(COMMENTS.map((pattern) => [pattern, true])),
  };
  const answers = Object.entries(documents).map(([command, schema]) => {
    const title = command === 'error' ? 'A failure of mcpkc' : `mcpkc ${command} --json`;
    return [`${command}.schema.json`, published(command, title, schema)];
  });
  return {
    'config.schema.json': config,
    'fleet.schema.json': fleetJsonSchema(),
    ...Object.fromEntries(answers),
  };
}

function published(name: string, title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { $schema, $id: schemaUrn(name), title, ...rest };
}

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
