/** What packer's own lines begin with, for people and for machines. Nothing stands before these, so nothing is looked for. */
const packersOwn = /^(?:==> |--> |Build '|\d{9,20},[^,\n]{0,200},[a-z]| {4}[^:[\]|\u2502\u2575\u2577\n]{1,200}:)/;

/** Before a statement of packer's, with the indentation that its lines have. */
const beforePacker = String.raw`(?=(?: {0,8}(?:==> |--> |Build ')| {4}\S|[\w.-]{1,200}(?:: | )output will be in this color))`;

const clock = String.raw`\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?`;
const zone = String.raw`(?:Z| ?UTC| ?[+-]\d\d:?\d\d| [AP]M)?`;

/**
 * What stands before packer's own text where another program carries its output on: in this order, each once. All of it is at
 * the line's beginning, where in a log of packer's stand packer's words: what a script prints comes after those.
 */
const carriers: readonly RegExp[] = [
  // Quotes of mail and Markdown, numbers of lines, columns of `gh run view`, names of containers.
  /^> (?=\S| {4})/,
  /^(?:\s{0,8}\d{1,7}(?: ?\| ?|\t)|\d{1,7}: )/,
  /^[^\t\n:]{1,100}\t[^\t\n:]{1,100}\t(?=\d{4}-\d\d-\d\dT)/,
  /^[\w.-]{1,100} {1,20}\| ?/,
  /^Test\S{1,200} (?=\d{4}-\d\d-\d\dT)/,
  /^(?:build|error|debug|info|warn|DEBUG|INFO|WARN|ERROR)(?: {1,4}|\t)(?=\[?\d{2,4}-)/,
  // klog: IMMDD hh:mm:ss.micros thread file:line].
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} {1,7}\d{1,7} [\w./-]{1,100}:\d{1,6}\] /,
  // Times: of a date and a clock, of a clock alone, in milliseconds since 1970, of syslog.
  new RegExp(String.raw`^\[?(?:\d{4}-\d\d-\d\d|\d\d\/\d\d\/\d{4}|\d\d-[A-Z][a-z]{2}-\d{4})[T ]${clock}${zone}\]?:?[ \t]`),
  new RegExp(String.raw`^\[?${clock}(?: [AP]M)?(?:\]?[ \t]|\](?=\[))`),
  /^\d{13}[ \t]/,
  // Ruby's logger.
  /^[DIWEF], \[\d{4}-[^\]\n]{1,60}\] {1,3}[A-Z]{4,5} -- [\w: ]{0,60}: /,
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?=[\w.-]{1,100} [\w.-]{1,60}\[\d{1,8}\]: )/,
  // GitLab's stream, the process of syslog, the stream of CloudWatch.
  /^\d\d[OE][ +]/,
  /^[\w.-]{1,100} [\w.-]{1,60}\[\d{1,8}\]: /,
  /^(?:[\w.-]{1,100}[/ ])?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} /,
  // The branch of Jenkins, the step of TeamCity, the container of Drone and Tekton, the build of Azure Image Builder.
  /^\s{0,20}:?\s{0,4}\[(?!Container\]|Instance\]|[\d.,:; ]{1,60}\])[A-Za-z0-9][\w .:/#-]{0,60}\][ \t]/,
  /^PACKER (?:OUT|ERR) /,
  /^ {0,3}[^()\s]{1,300} \(local-exec\): ?/,
  // Boxes around diagnostics, which some consoles draw with letters of ASCII.
  /^(?:\s{0,20}[│╷╵]|\s{1,20}\|) ?/,
  // Buildkit, Google Cloud Build, Go's test logger, Azure DevOps.
  /^#\d{1,4} \d{1,6}\.\d{1,3} /,
  /^Step #\d{1,3}(?: - "[^"\n]{1,100}")?: ?/,
  /^logger\.go:\d{1,5}: /,
  /^##\[(?:debug|error|warning|section|command)\]/,
  // Levels, which only stand for a carrier where packer's words follow.
  /^(?:DEBUG|INFO|WARN|ERROR) {1,4}- /,
  /^ {0,4}(?:Info|Verbose|Warning|Error) {1,9}\| {1,9}/,
  new RegExp(
    String.raw`^(?:- )?(?:[\w.]{1,60} - )?(?:DEBUG|INFO|WARN(?:ING)?|ERROR|Error|Warning)(?::[\w.]{1,60}:|:? (?:- )?)${beforePacker}`,
  ),
];

/** A line without what another program put before it: where packer's words begin, its own text does. Time is linear in the length. */
export function withoutCarriers(text: string): string {
  if (packersOwn.test(text)) return text;
  let rest = text;
  for (const carrier of carriers) {
    const within = rest.replace(carrier, '');
    if (within !== rest && packersOwn.test(within)) return within;
    rest = within;
  }
  return rest;
}
