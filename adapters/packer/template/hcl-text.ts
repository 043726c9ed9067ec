/** A piece of a template: raw text between interpolations, or an interpolation that may trim what stands beside it. */
export type TemplatePiece<T> =
  | { readonly type: 'raw'; readonly text: string }
  | { readonly type: 'interpolation'; readonly value: T; readonly trimsBefore: boolean; readonly trimsAfter: boolean };

/** What `~` markers leave of the raw text beside interpolations (HCL, template strip markers). */
export function trimPieces<T>(pieces: readonly TemplatePiece<T>[]): TemplatePiece<T>[] {
  return pieces.map((piece, at) => {
    if (piece.type !== 'raw') return piece;
    const [before, after] = [pieces[at - 1], pieces[at + 1]];
    let { text } = piece;
    if (before?.type === 'interpolation' && before.trimsAfter) text = text.trimStart();
    if (after?.type === 'interpolation' && after.trimsBefore) text = text.trimEnd();
    return { type: 'raw', text };
  });
}

/** What `<<-` leaves: every line loses as many leading spaces as the least indented line has. */
export function flushPieces<T>(pieces: readonly TemplatePiece<T>[]): TemplatePiece<T>[] {
  const atLineStart = (at: number): boolean => at === 0;
  let indent = Number.POSITIVE_INFINITY;
  pieces.forEach((piece, at) => {
    if (piece.type !== 'raw') {
      if (atLineStart(at)) indent = 0;
      return;
    }
    const lines = piece.text.split('\n');
    lines.forEach((line, number) => {
      if (number === 0 && !atLineStart(at)) return;
      const isWholeLine = number < lines.length - 1 || at === pieces.length - 1;
      if (isWholeLine && line.trim() === '') return;
      indent = Math.min(indent, line.length - line.trimStart().length);
    });
  });
  if (!Number.isFinite(indent) || indent === 0) return [...pieces];
  const dedent = (line: string): string => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line);
  return pieces.map((piece, at) => {
    if (piece.type !== 'raw') return piece;
    const lines = piece.text.split('\n').map((line, number) => (number === 0 && !atLineStart(at) ? line : dedent(line)));
    return { type: 'raw', text: lines.join('\n') };
  });
}

/** `$${` and `%%{` stand for `${` and `%{`, in quotes and in heredocs. */
export function unescapeTemplate(raw: string): string {
  return raw.replaceAll('$${', '${').replaceAll('%%{', '%{');
}

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/** The text that a quoted literal stands for. */
export function unescapeQuoted(raw: string): string {
  return unescapeTemplate(raw).replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs,
    (whole: string, short?: string, long?: string, simple?: string) => {
      if (simple !== undefined) return simpleEscapes[simple] ?? whole;
      const code = Number.parseInt(short ?? long ?? '', 16);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );
}
