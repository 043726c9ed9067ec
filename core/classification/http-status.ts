/** What stands before a status: who says it, and that it is one. The exit code of a program is none. */
const said =
  /(?<!\b[Ee]xit |\bexited with )\b(?:HTTPS?(?:Error)?(?:\/\d(?:\.\d)?)?|[Ss]tatus(?:[ _]?[Cc]ode)?|[Cc]ode|[Rr]esponse|[Ee]rror|ERROR|[Rr]eturned|responded with|success)/
    .source;

/** What may stand between: `HTTP response code: 503`, `"status_code": 503`, `error: [503`, `status is 503`. */
const between = /(?: (?:[Rr]esponse|[Ee]rror|[Ss]tatus|[Cc]ode|is|of)){0,2}["']?[:=]? ?["'\\[(<]?/.source;

/** What may follow: no more digits, and no word that the number counts, as in `error: 502 warnings`. */
const after =
  /\b(?![.,]?\d)(?! (?!(?:from|for|in|on|at|while|when|after|with|and|or|response|error|status|code|instead|url|returned|internal|bad|service|gateway|server|too|not|unauthorized|forbidden|upstream|message|curl)\b)[a-z])/
    .source;

const request = /\b(?:GET|HEAD|POST|PUT|PATCH|DELETE) \\?"?https?:\/\/[^\s"]{1,500}\\?"?(?:: | returned )/.source;

/**
 * A pattern for the ways in which programs write the status of an HTTP answer: its number behind a word that says so, behind a
 * request, at the beginning in brackets, or before its reason in words.
 *
 * @param numbers alternatives, for instance `502|503`
 * @param reasons what those numbers are called, as alternatives
 */
export function httpStatus(numbers: string, reasons: string): RegExp {
  return new RegExp(
    String.raw`${said}${between}(?:${numbers})${after}|${request}(?:${numbers})\b|\bgot (?:${numbers}) instead|(?:^|: )\[(?:${numbers})\]|\b(?:${numbers})\)?:? {1,2}["(]?(?:${reasons})\b`,
  );
}

/** Patterns as one. */
export function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => pattern.source).join('|'), 'm');
}
