import { z } from 'zod';
import { COMMANDS } from '../commands/index.ts';
import { schemaUrl } from '../schema-url.ts';
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
  const isThere = (name: string) => name === 'error' || COMMANDS.some((one) => one.name === name);
  const answers = Object.entries(documents)
    .filter(([name]) => isThere(name))
    .map(([command, schema]) => {
      const title = command === 'error' ? 'A failure of mcpkc' : `mcpkc ${command} --json`;
      return [`${command}.schema.json`, published(command, title, schema)];
    });
  return { 'config.schema.json': config, ...Object.fromEntries(answers) };
}

function published(name: string, title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { $schema, $id: schemaUrl(name), title, ...rest };
}
