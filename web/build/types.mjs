// Writes api/generated.ts: one TypeScript type for each schema of the admin API's document, so that
// the console cannot ask for a field that the document does not promise. It knows exactly the
// keywords that the document uses and stops at any other, rather than guess.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { parse } from 'yaml';

const SOURCE = new URL(
  '../../control/src/main/resources/io/ostiary/control/openapi.yaml',
  import.meta.url,
);
const TARGET = new URL('../api/generated.ts', import.meta.url);

const SILENT = new Set([
  'description',
  'example',
  'examples',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'default',
  'type',
  'enum',
  'const',
  'items',
  'properties',
  'required',
  'additionalProperties',
  'oneOf',
  'allOf',
  '$ref',
]);

export function typeOf(schema, where) {
  for (const keyword of Object.keys(schema)) {
    if (!SILENT.has(keyword)) {
      throw new Error(`${where}: ${keyword} (expected: a keyword that build/types.mjs knows)`);
    }
  }
  if (schema.$ref) {
    return schema.$ref.replace('#/components/schemas/', '');
  }
  if (schema.enum) {
    return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  }
  if (schema.const !== undefined) {
    return JSON.stringify(schema.const);
  }
  if (schema.oneOf) {
    return schema.oneOf.map((each) => typeOf(each, where)).join(' | ');
  }
  if (schema.allOf) {
    return schema.allOf.map((each) => typeOf(each, where)).join(' & ');
  }
  const types = [schema.type].flat();
  return types.map((type) => plain(type, schema, where)).join(' | ');
}

function plain(type, schema, where) {
  switch (type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `ReadonlyArray<${typeOf(schema.items, `${where}[]`)}>`;
    case 'object':
      return objectOf(schema, where);
    default:
      throw new Error(`${where}: type ${type} (expected: a JSON type)`);
  }
}

function objectOf(schema, where) {
  if (!schema.properties) {
    const values = schema.additionalProperties;
    return `Readonly<Record<string, ${values ? typeOf(values, `${where}.*`) : 'unknown'}>>`;
  }
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(
    ([name, field]) =>
      `  readonly ${JSON.stringify(name)}${required.has(name) ? '' : '?'}: ${typeOf(field, `${where}.${name}`)};`,
  );
  return `{\n${fields.join('\n')}\n}`;
}

function main() {
  const document = parse(readFileSync(SOURCE, 'utf8'), { merge: true });
  const types = Object.entries(document.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema, name)};\n`,
  );
  const paths = Object.keys(document.paths).map((path) => JSON.stringify(path));
  const text = [
    '// Made by build/types.mjs from the admin API document. Do not edit.\n',
    ...types,
    `export type AdminPath =\n  | ${paths.join('\n  | ')};\n`,
  ].join('\n');
  if (!existsSync(TARGET) || readFileSync(TARGET, 'utf8') !== text) {
    writeFileSync(TARGET, text);
  }
}

main();
