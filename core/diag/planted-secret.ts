import { type Failure } from '../failure.ts';
import { plainText } from '../packer-log/plain-text.ts';
import { type Redactor, redactText } from '../scrub/redactor.ts';

/** How many places are named. */
const mostPlaces = 10;

/**
 * Puts all that is to leave in a bundle through the hook once more. A document passes twice: as it stands, and with its
 * strings as what they stand for, since what is escaped in JSON has another shape.
 *
 * @returns DIAG_SECRET with each place, never the secret, where anything is found; undefined where nothing is.
 */
export function secretAmong(files: ReadonlyMap<string, Uint8Array>, redactor: Redactor): Failure | undefined {
  const places = [...files].flatMap(([path, content]) => placesIn(path, new TextDecoder().decode(content), redactor));
  const [first] = places;
  if (first === undefined) return undefined;
  return {
    rule: 'DIAG_SECRET',
    message: `a secret stands in what was to go into the diag bundle: ${first}`,
    remedy:
      'change that secret, since it was written where it may be read; find out how it came there (each log and report passes the hook before it is written); nothing was packed',
    evidence: places.length <= mostPlaces ? places : [...places.slice(0, mostPlaces), `and ${places.length - mostPlaces} more`],
  };
}

function placesIn(path: string, text: string, redactor: Redactor): string[] {
  const places = [text, ...withoutControls(text)].flatMap((each) => linesFound(path, each, redactor));
  return places.length > 0 || !path.endsWith('.json') ? [...new Set(places)] : stringsFound(path, text, redactor);
}

/** A colour within a secret hides it. */
function withoutControls(text: string): string[] {
  const plain = text.split('\n').map(plainText).join('\n');
  return plain === text ? [] : [plain];
}

function linesFound(path: string, text: string, redactor: Redactor): string[] {
  const own = redactor.forAnotherFile();
  if (redactText(own, text) === text) return [];
  return own.summary().map(({ rule, line }) => `${path}:${line}: ${rule}`);
}

function stringsFound(path: string, text: string, redactor: Redactor): string[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const strings = [...stringsOf(document, '')];
  if (linesFound(path, strings.map(({ value }) => value).join('\n'), redactor).length === 0) return [];
  const found = strings.flatMap(({ at, value }) =>
    linesFound(`${path}, at ${at}`, value, redactor).map((place) => place.replace(/:\d+: /, ': ')),
  );
  // What is found over several strings alone is in none of them.
  return found.length > 0 ? found : [`${path}: over several values`];
}

function* stringsOf(value: unknown, at: string): Generator<{ readonly at: string; readonly value: string }> {
  if (typeof value === 'string') yield { at, value };
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value)) yield { at, value: name };
    yield* stringsOf(member, at === '' ? name : `${at}.${name}`);
  }
}
