/** The version of this program: as `package.json` has it, which a test holds it to. */
export const version = '0.1.0';
