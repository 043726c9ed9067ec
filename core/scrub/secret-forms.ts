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

/** A longer text is searched in pieces, which overlap so that what is found of them is one. UTF-16 code units. */
const pieceLength = 512;
const pieceOverlap = 16;

/**
 * The forms in which a value is searched: in clear; base64, alone or inside a longer text (its three alignments,
 * both alphabets, of UTF-8 and of the UTF-16 that PowerShell encodes its commands in); hex; as forms write
 * it, and with the quotes of a shell or of PowerShell; and each of these as packer's machine-readable output writes
 * it. Of a value with several lines also each line that has at least 8 characters. Escapes that begin with a percent
 * sign, a backslash, a backtick or an ampersand need no form of their own: they are undone before (`view.ts`).
 */
export function secretForms(value: string): SecretForm[] {
  const whole = value.toWellFormed().trim();
  const lines = whole
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line.length >= leastLine && !isTooCommon(line) && !boundaryLine.test(line));
  const texts = (lines.length === 1 && lines[0] === whole ? lines : [whole, ...lines]).flatMap(piecesOf);
  const forms = new Map<string, SecretForm>();
  for (const text of texts) {
    for (const bytes of [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')]) {
      for (const encoded of base64Forms(bytes)) forms.set(encoded, { text: encoded, base64: true });
    }
  }
  for (const text of texts) {
    for (const written of writtenForms(text)) {
      for (const form of [written, packerEscaped(written)]) forms.set(form, { text: form, base64: false });
    }
  }
  return [...forms.values()];
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; ; from += pieceLength - pieceOverlap) {
    if (from + pieceLength >= text.length) return [...pieces, text.slice(text.length <= pieceLength ? 0 : text.length - pieceLength)];
    pieces.push(text.slice(from, from + pieceLength));
  }
}

function writtenForms(text: string): string[] {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  return [
    text,
    hex,
    hex.toUpperCase(),
    // In a form, `+` stands for a space, beside whatever is escaped: the rest is undone.
    text.replaceAll(' ', '+'),
    text.replaceAll("'", String.raw`'\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll("'", "''"),
  ];
}

/** As packer's `-machine-readable` writes data: what stands for a comma, CR and LF. */
function packerEscaped(text: string): string {
  return text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/**
 * The part of the base64 of any bytes with `bytes` in them that depends on `bytes` alone, for each of the three
 * places at which it can begin within a group of three bytes.
 */
function base64Forms(bytes: Buffer): string[] {
  const stable = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(Math.ceil((offset * 8) / 6), whole);
  });
  return stable.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]).filter((form) => form.length >= leastBase64);
}
