import fc from 'fast-check';
import { expect, it } from 'vitest';

import { apiRequests } from '../../fixtures/api-requests.ts';
import { apiOver } from '../../fixtures/api.ts';
import { dispatcher } from '../../fixtures/dispatcher.ts';
import { buildIdOf } from '../../fixtures/records.ts';
import { openApiFaults } from '../../fixtures/open-api.ts';
import { ended, running } from '../diag/bundles.ts';

it('answers whatever is asked as the OpenAPI document says, and never that it failed', async () => {
  const home = await dispatcher();
  const api = apiOver(home);
  await ended(home, await running(home));
  await running(home);
  await fc.assert(
    fc.asyncProperty(apiRequests({ builders: ['base', 'other'], builds: [1, 2, 3].map(buildIdOf) }), async (request) => {
      fc.pre(request.target.split('?')[0] !== '/healthz');
      const answer = await api.send(request);
      expect(openApiFaults(request, answer)).toEqual([]);
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 1000 },
  );
  expect(api.told).toEqual([]);
});
