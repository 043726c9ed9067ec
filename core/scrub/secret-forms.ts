/** A text in which a secret value shows. */
export interface SecretForm {
  readonly text: string;
  /** Whether the characters of base64 beside it may carry bits of the secret too. */
  readonly base64: boolean;
}

const leastSecret = 6;
const leastLine = 8;
/** Base64 of a part of at least this length is no accident (64^-7). */
const leastBase64 = 7;

/** Values that stand in every log: redacting them would eat ordinary words and hide nothing. */
const commonValues: ReadonlySet<string> = new Set(
  `access access_key account admin administrator amazon amazon-ebs amazonebs ansible changeme centos config credentials debian default
  default-user default_user development disabled ec2-user enabled example fedora hashicorp hidden install jenkins localhost packer
  pass123 passphrase passw0rd passwd password password1 private production public qwerty region required rocky root secret secrets
  sensitive service staging string system testing token true ubuntu undefined unknown username us-east-1 us-east-2 us-west-1 us-west-2
  eu-west-1 eu-central-1 vagrant version windows yes no false null none`.split(/\s+/),
);

/** Lines that many files share and that hide nothing. */
const boundaryLine = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/**
 * Whether a value is too short (under 6 characters without the white space around it) or too common to be
 * searched for in running text.
 */
export function isTooCommon(value: string): boolean {
  const trimmed = value.trim();
  return trimmed.length < leastSecret || commonValues.has(trimmed.toLowerCase()) || /^(.)\1*$/su.test(trimmed);
}

/**
 * The forms in which a value is searched: in clear; base64, alone or inside a longer text (its three
 * alignments, both alphabets); URL-encoded; escaped for JSON (also as Go and Python write it), for shells,
 * PowerShell and HTML; and each of these as packer's machine-readable output writes it. Of a value with
 * several lines also each line that has at least 8 characters.
 *
 * What is split by wrapping, such as long base64 over several lines, is not found (issue 6).
 */
export function secretForms(value: string): SecretForm[] {
  const whole = value.toWellFormed().trim();
  const lines = whole
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line.length >= leastLine && !isTooCommon(line) && !boundaryLine.test(line));
  const texts = whole.includes('\n') || whole.includes('\r') ? [whole, ...lines] : [whole];
  const forms = new Map<string, SecretForm>();
  for (const text of texts) {
    for (const encoded of base64Forms(text)) forms.set(encoded, { text: encoded, base64: true });
  }
  for (const text of texts) {
    for (const escaped of escapedForms(text)) {
      for (const written of [escaped, packerEscaped(escaped)]) {
        if (!/[\r\n]/.test(written)) forms.set(written, { text: written, base64: false });
      }
    }
  }
  return [...forms.values()];
}

function escapedForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text);
  const strictUrl = url.replaceAll(/[!'()*]/g, percentEncoded);
  return [
    text,
    json,
    json.replaceAll(/[<>&]/g, unicodeEscaped),
    json.replaceAll(/[\u0080-\uffff]/g, unicodeEscaped),
    json.replaceAll('/', '\\/'),
    ...[url, strictUrl, strictUrl.replaceAll('%20', '+')].flatMap((form) => [
      form,
      form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    ]),
    text.replaceAll("'", String.raw`'\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll("'", "''"),
    text.replaceAll(/[\\"$`]/g, String.raw`\$&`),
    text.replaceAll(/[^A-Za-z0-9_./:=@%+,\u0080-\uffff-]/g, String.raw`\$&`),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  ];
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function unicodeEscaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** As packer's `-machine-readable` writes data: what stands for a comma, CR and LF. */
function packerEscaped(text: string): string {
  return text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/**
 * The part of the base64 of any text with `text` in it that depends on `text` alone, for each of the three
 * places at which it can begin within a group of three bytes.
 */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const stable = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(Math.ceil((offset * 8) / 6), whole);
  });
  return stable.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]).filter((form) => form.length >= leastBase64);
}
