import { gzip } from '../../../adapters/local/gzip.ts';
import { compressionContract } from '../../contracts/compression.ts';

compressionContract('gzip', gzip);
