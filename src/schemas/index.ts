import { z } from 'zod';
import { fleetSchema } from '../fleet/schema.ts';
import { schemaUrn } from '../schema-urn.ts';
import { configSchema } from './config.ts';
import { documentSchemas } from './documents.ts';

/** Names of keys that are comments in the config file. */
const COMMENTS = ['^//', '^_(?!_)'];

/** Every JSON Schema that the package holds (draft 2020-12): the name of its file in `schemas/` → the schema. */
export function jsonSchemas(): Record<string, object> {
  const documents = documentSchemas((shape) => z.looseObject(shape));
  const config = {
    ...published('config', 'Configuration of mcpkc', configSchema()),
    patternProperties: Object.fromEntries(COMMENTS.map((pattern) => [pattern, true])),
  };
  const answers = Object.entries(documents).map(([command, schema]) => {
    const title = command === 'error' ? 'A failure of mcpkc' : `mcpkc ${command} --json`;
    return [`${command}.schema.json`, published(command, title, schema)];
  });
  const fleet = published('fleet', 'A file of MCP servers (mcpkc.yaml)', fleetSchema);
  return { 'config.schema.json': config, 'fleet.schema.json': fleet, ...Object.fromEntries(answers) };
}

function published(name: string, title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { $schema, $id: schemaUrn(name), title, ...rest };
}
