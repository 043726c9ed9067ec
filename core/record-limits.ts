/*
 * What records hold at most, for who writes them: apart from their schemas, which take a cold start long to make.
 */

/** How many builds of one builder may wait. */
export const queueLimit = 20;

/** How many equal requests one waiting build takes. */
export const joinLimit = 200;

/** What the command line of a request takes at most in a record, in bytes as JSON. */
export const longestCommand = 4096;

/** What the reason of a release takes at most, in bytes as JSON. */
export const longestReason = 4096;
