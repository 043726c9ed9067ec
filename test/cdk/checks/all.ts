import { apiChecks } from './api.ts';
import { type Check } from './check.ts';
import { functionChecks } from './functions.ts';
import { messageChecks } from './messages.ts';
import { permissionChecks } from './permissions.ts';
import { projectChecks } from './projects.ts';
import { storageChecks } from './storage.ts';
import { watchingChecks } from './watching.ts';

/** Every promise of the deployed stack that its template keeps. They are about the stack `images` over `test/cdk/images/`. */
export const checks: readonly Check[] = [
  ...storageChecks,
  ...messageChecks,
  ...functionChecks,
  ...apiChecks,
  ...projectChecks,
  ...permissionChecks,
  ...watchingChecks,
];
