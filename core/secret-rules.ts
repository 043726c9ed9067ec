import { sensitiveName } from './scrub/known-secrets.ts';
import { manifestName, markerCodes } from './scrub/marker.ts';

/**
 * The rules of secretlint 13 by which files are searched (its recommended preset), as findings name them. A list, since
 * `hybridcore.yaml` is read where secretlint is not loaded; a test holds it against the preset.
 */
export const secretlintRuleNames: readonly string[] =
  `1password anthropic aws basicauth cloudflare database-connection-string databricks docker figma gcp github gitlab grafana groq
  hashicorp-vault huggingface linear notion npm openai privatekey sendgrid shopify slack stripe tailscale vercel`
    .split(/\s+/)
    .map((name) => `secretlint-${name}`);

/**
 * All rules that a secret among the inputs can be found by.
 *
 * @param secrets the names of the builders' secrets, whose values are searched for, too.
 */
export function inputSecretRules(secrets: readonly string[]): string[] {
  return [...new Set([...markerCodes, ...secretlintRuleNames, sensitiveName, ...secrets.map(manifestName)])];
}
