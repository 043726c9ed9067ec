/** How many actions a file has in a manifest at most. */
export const mostActions = 10_000;
