/** Apart from all else that a function loads, since a deployment that was checked when it was written needs none of it (`readDeployment`). */
export { parseDeployment } from '../core/deployment.ts';
