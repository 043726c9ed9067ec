import { nearestName } from '../../adapters/local/nearest-name.ts';
import { type SchemaName, jsonSchema, schemaNames } from '../../core/contract/schemas.ts';
import { type Outcome, failure, success } from '../../core/failure.ts';
import { type Answer } from '../answer.ts';

/** `schema [name]`: prints a JSON Schema, or the names of all. */
export function schema(name: string | undefined): Outcome<Answer> {
  if (name === undefined) return success({ exitCode: 0, document: { schemas: schemaNames }, text: schemaNames.join('\n') });
  if (!isSchemaName(name)) {
    const near = nearestName(name, schemaNames);
    return failure(
      'USAGE',
      `there is no schema ${JSON.stringify(name)}`,
      `${near === undefined ? '' : `did you mean ${near}? `}There are: ${schemaNames.join(', ')}`,
    );
  }
  const document = jsonSchema(name);
  return success({ exitCode: 0, document, text: JSON.stringify(document, null, 2) });
}

function isSchemaName(name: string): name is SchemaName {
  return schemaNames.some((known) => known === name);
}
