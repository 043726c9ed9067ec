import { it } from 'vitest';

import { compareWithPlay } from '../fixtures/retention/compare.ts';

it("says of 50,000 random buckets what a day-by-day play of S3's rules does to them", () => {
  compareWithPlay(50_000);
});
