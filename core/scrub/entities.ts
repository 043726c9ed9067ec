/** The names that HTML has for the signs of ASCII, by sign. Beside them there are the numbers of all characters. */
const namesOfSigns: Readonly<Record<string, string>> = {
  '\t': 'Tab',
  '\n': 'NewLine',
  '!': 'excl',
  '"': 'quot QUOT',
  '#': 'num',
  $: 'dollar',
  '%': 'percnt',
  '&': 'amp AMP',
  "'": 'apos',
  '(': 'lpar',
  ')': 'rpar',
  '*': 'ast midast',
  '+': 'plus',
  ',': 'comma',
  '.': 'period',
  '/': 'sol',
  ':': 'colon',
  ';': 'semi',
  '<': 'lt LT',
  '=': 'equals',
  '>': 'gt GT',
  '?': 'quest',
  '@': 'commat',
  '[': 'lsqb lbrack',
  '\\': 'bsol',
  ']': 'rsqb rbrack',
  '^': 'Hat',
  _: 'lowbar UnderBar',
  '`': 'grave DiacriticalGrave',
  '{': 'lcub lbrace',
  '|': 'verbar vert VerticalLine',
  '}': 'rcub rbrace',
};

/** Those of Latin-1, from U+00A0 on. */
const namesOfLatin1 = `nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro
  para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc
  Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig
  agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc
  otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml`;

const characters: ReadonlyMap<string, string> = new Map([
  ...Object.entries(namesOfSigns).flatMap(([sign, names]) => names.split(' ').map((name) => [name, sign] as const)),
  ...namesOfLatin1.split(/\s+/).map((name, index) => [name, String.fromCharCode(0xa0 + index)] as const),
]);

/** An entity of HTML or XML: a character by its number or name. */
export const entity = /&(?:#(?:x(?<hex>[0-9a-f]{1,8})|(?<decimal>\d{1,8}))|(?<name>[a-z]{2,16}[1-4]{0,2}));/gi;

/** What an entity stands for; one that is none stands for itself. */
export function entityDecoded({ 0: whole, groups = {} }: RegExpExecArray): string {
  const { hex, decimal, name } = groups;
  if (name !== undefined) return characters.get(name) ?? whole;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= 0x10_ff_ff && (code & 0x1f_f8_00) !== 0xd8_00 ? String.fromCodePoint(code) : whole;
}
