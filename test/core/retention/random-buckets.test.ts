import { it } from 'vitest';

import { compareWithPlay } from '../../fixtures/retention/compare.ts';

// `npm run test:deep` has more of them.
it("says of 5,000 random buckets what a day-by-day play of S3's rules does to them", () => {
  compareWithPlay(5000);
});
