import { isUtf8 } from 'node:buffer';

import { type Digest, digestOf } from '../../../core/digest.ts';
import { type Outcome, failure, success } from '../../../core/failure.ts';
import { checkInputName } from '../../../core/fingerprint.ts';
import { type Body, type Expression } from './hcl-document.ts';
import { readHclJson, readJsonAttributes } from './hcl-json.ts';
import { type HclParser } from './hcl-parser.ts';
import { parseJson } from './json-syntax.ts';
import { readLegacyTemplate, readLegacyVariables } from './legacy-json.ts';
import { type RepositoryFiles } from './repository-files.ts';

/** Larger than any template that a person writes; of hostile nesting, the parser would take gigabytes for more. Bytes. */
const templateLimit = 1024 * 1024;

/** A file that packer reads as a template or as variables, with the digest of the bytes that discovery rests on. */
export interface ParsedFile {
  readonly path: string;
  readonly digest: Digest;
  /** What names the file. */
  readonly where: string;
}

/** Reads templates and variable files in packer's three notations. */
export interface TemplateReader {
  /** What was read so far. */
  readonly parsed: readonly ParsedFile[];
  template(path: string, parser: HclParser | undefined): Outcome<Body>;
  variables(path: string, where: string, parser: HclParser | undefined): Outcome<ReadonlyMap<string, Expression>>;
}

/** `parser` is undefined where the template is in the legacy JSON: then nothing is HCL. */
export function createTemplateReader(files: RepositoryFiles): TemplateReader {
  const parsed: ParsedFile[] = [];

  function text(path: string, where: string): Outcome<string> {
    // First of all, since every message about the file begins with its name.
    const name = checkInputName(path);
    if (!name.ok) return name;
    const content = files.read(path, where, templateLimit);
    if (!content.ok) return content;
    if (!isUtf8(content.value) || content.value.includes(0)) {
      return failure('TEMPLATE_INVALID', `${path}:1: this is not text in UTF-8`, 'put a template or a variable file there');
    }
    parsed.push({ path, digest: digestOf(content.value), where });
    return success(Buffer.from(content.value).toString('utf8'));
  }

  return {
    parsed,
    template(path, parser) {
      const content = text(path, 'hybridcore.yaml (template)');
      if (!content.ok) return content;
      if (parser !== undefined && path.endsWith('.pkr.hcl')) return parser.parseFile(path, content.value);
      const json = parseJson(path, content.value);
      if (!json.ok) return json;
      return parser === undefined ? readLegacyTemplate(json.value) : readHclJson(json.value, parser);
    },
    variables(path, where, parser) {
      const content = text(path, where);
      if (!content.ok) return content;
      const body = variableBody(path, content.value, parser);
      return body.ok ? success(new Map(body.value.attributes.map(({ name, value }) => [name, value]))) : body;
    },
  };
}

/** Packer reads a variable file as JSON where it is named so, and for a legacy template always. */
function variableBody(path: string, text: string, parser: HclParser | undefined): Outcome<Body> {
  if (parser !== undefined && !path.endsWith('.json')) return parser.parseFile(path, text);
  const json = parseJson(path, text);
  if (!json.ok) return json;
  if (json.value.type !== 'object')
    return failure('TEMPLATE_INVALID', `${path}:${json.value.place.line}: a variable file in JSON is an object`, 'mend the file');
  return parser === undefined ? success(readLegacyVariables(json.value)) : readJsonAttributes(json.value, parser);
}
