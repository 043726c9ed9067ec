import { tarArchive } from '../../../adapters/local/tar-archive.ts';
import { archiveContract } from '../../contracts/archive.ts';

archiveContract('tar', tarArchive);
