/** Something that the user can put right; its message is all that is shown. Any other error is a bug. */
export class SetupProblem extends Error {}
