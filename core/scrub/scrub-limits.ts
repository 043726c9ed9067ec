/** How many actions a file has in a manifest one by one; beyond that they are put together by rule and id. */
export const mostActions = 10_000;
