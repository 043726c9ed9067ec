import { objectsContract } from '../contracts/objects.ts';
import { recordsContract } from '../contracts/records.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryRecords } from './memory-records.ts';

recordsContract('memory', async () => {
  const records = memoryRecords({ validating: true });
  return { open: async () => records, remove: async () => undefined };
});

objectsContract('memory', async () => {
  const objects = memoryObjects();
  return { open: async () => objects, remove: async () => undefined };
});
