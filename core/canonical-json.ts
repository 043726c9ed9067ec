/** A value that JSON can carry without loss. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The canonical form of a JSON value after RFC 8785 (JCS): no white space, keys sorted by UTF-16 code
 * units, numbers and strings as ECMAScript prints them. Equal values give equal text, so digests over it
 * can be recomputed by anyone.
 *
 * @throws TypeError for what JSON cannot carry: NaN, infinities, lone surrogates, functions. A key whose
 * value is `undefined` is left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON takes no lone surrogates (RFC 8785, 3.2.2.2)');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON takes no ${value} (RFC 8785, 3.2.2.3)`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value) items += items === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    return `[${items}]`;
  }
  if (typeof value === 'object') {
    let members = '';
    // Without a comparison of its own, `sort` goes by UTF-16 code units.
    for (const key of Object.keys(value).sort()) {
      const member: unknown = Reflect.get(value, key);
      if (member !== undefined) members += `${members === '' ? '' : ','}${canonicalJson(key)}:${canonicalJson(member)}`;
    }
    return `{${members}}`;
  }
  throw new TypeError(`canonical JSON takes no ${typeof value}`);
}
