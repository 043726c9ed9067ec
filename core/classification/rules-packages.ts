import { anyOf, httpStatus } from './http-status.ts';
import { type RuleRow, type TurnContext } from './rules-row.ts';

function notFoundPackages({ step }: TurnContext): number {
  const names = step.map((line) =>
    /Unable to locate package (\S{1,100})|Package '([^'\n]{1,100})' has no installation candidate|No match for argument: (\S{1,100})/.exec(
      line,
    ),
  );
  return new Set(names.flatMap((match) => match?.slice(1).filter((name) => name !== undefined) ?? [])).size;
}

const gone = /(?:Status code: |HTTPS? Error |error: )40[34]\b/;
/** CentOS has shut down the list of its mirrors with its last release. */
const closed = /(?:resolve host: |lookup )mirrorlist\.centos\.org\b/;
const passing = /time(?:d ?)?[ -]?out|\b5\d\d\b|Curl error \(|refused|reset by/i;

/** What package managers print, for the lines before a script's exit. */
export const packageRules: readonly RuleRow[] = [
  {
    code: 'FETCH_GONE',
    class: 1,
    reads: 'output',
    pattern: anyOf(
      httpStatus('40[04]|410', 'Not Found|Bad Request|Gone'),
      /HTTP response code [^\n]{0,400} is wrong - '40[04]'|No URLs in mirrorlist|npm (?:ERR!|error) code E404|An error occurred \((?:404|NoSuchKey|NoSuchBucket)\)/,
    ),
    reason: 'what a step fetches is not there',
    hint: 'Correct the address, name or version in the script: old releases move to an archive.',
    evidence: 'curl, wget, Python, npm and PowerShell text',
  },
  {
    code: 'APT_MIRROR',
    class: 2,
    reads: 'any',
    pattern:
      /Hash Sum mismatch|Connection failed \[IP: |File has unexpected size|Could not open file \/var\/lib\/apt\/lists\/\S{1,300} - open \(2|Mirror sync in progress|E: Unable to fetch some archives|E: Failed to fetch [^\n]{0,400}(?: 5\d\d |[Cc]onnection|[Cc]ould not connect|timed out|Undetermined Error)|Some index files failed to download|Release is not valid yet|Failed to update apt cache|package cache file is corrupted/,
    reason: 'an apt mirror is in flux or cannot be reached',
    hint: 'If the retry fails too, use another mirror, or `apt-get -o Acquire::Retries=3`.',
    evidence: 'puphpet#2401; Varying-Vagrant-Vagrants/VVV#2208; clong/DetectionLab#237',
  },
  {
    code: 'APT_LOCK',
    class: 2,
    reads: 'any',
    pattern:
      /Could not get lock \/var\/lib\/(?:dpkg|apt)|\b(?:exit ?code|status):? 1618\b|Unable to acquire the dpkg frontend lock|dpkg frontend lock (?:was|is) (?:locked|held) by|Unable to lock directory \/var\/lib\/apt|Failed to lock apt for exclusive operation|dpkg status database is locked|[Aa]nother installation is already in progress/,
    reason: 'another process in the guest was installing packages',
    hint: 'Let the script wait with `cloud-init status --wait` or `apt-get -o DPkg::Lock::Timeout=300`.',
    evidence: 'apt text; the race with cloud-init and unattended-upgrades',
  },
  {
    code: 'DNF_MIRROR',
    class: 2,
    reads: 'any',
    pattern:
      /Failed to download metadata for repo|[Aa]ll mirrors were (?:already )?tried|Curl error \((?:5|6|7|16|18|28|35|52|55|56|92)\)|Cannot find a valid baseurl for repo|Could not retrieve mirrorlist|Cannot retrieve (?:metalink|repository metadata)|Failed to synchronize cache for repo|No more mirrors to try|Download \(curl\) error for/,
    reason: 'a dnf or yum mirror cannot be reached',
    hint: 'If the retry fails too, check the way out of the guest; the mirrors of a release at its end of life move to an archive.',
    evidence: 'syslog-ng#3882; googleapis/google-cloud-cpp#9448; MeshLib#6003; yum text',
    turns: [
      {
        to: 1,
        when: ({ step, text }) => {
          const said = [...step.slice(-10), text];
          return (
            said.some((line) => closed.test(line)) || (said.some((line) => gone.test(line)) && !said.some((line) => passing.test(line)))
          );
        },
        says: 'The server answers that there is no such repository: correct its address or release, which may be at its end of life and have moved to an archive.',
      },
    ],
  },
  {
    code: 'DNF_LOCK',
    class: 2,
    reads: 'output',
    pattern:
      /System management is locked by|currently holding the (?:yum|dnf) lock|Existing lock \/var\/run\/(?:yum|dnf)\.pid|can't create transaction lock on \/var\/lib\/rpm|Failed to obtain the transaction lock|unable to lock database|[Uu]nable to obtain lock|[Cc]ould not (?:acquire|obtain) (?:the )?lock|: lock held\b|lock (?:file )?(?:is )?held by /,
    reason: 'another process in the guest was installing packages',
    hint: 'Let the script wait for cloud-init before it installs packages.',
    evidence: 'yum, dnf and rpm text',
  },
  {
    code: 'PKG_NOT_FOUND',
    class: 1,
    reads: 'output',
    pattern: /E: Unable to locate package|has no installation candidate|No match for argument/,
    reason: 'a package is not in the index',
    hint: 'Correct its name, or add the repository that has it.',
    evidence: 'clong/DetectionLab#237 (follows a failed update)',
    turns: [
      {
        to: 2,
        when: (context) =>
          notFoundPackages(context) > 1 ||
          context.step.some((line) => /Failed to fetch|Some index files failed|Failed to download metadata/.test(line)),
        says: 'Several packages are missing at once, or the index failed to load just before: the index was incomplete, not the name wrong. If the retry fails too, see whether `apt-get update` or its like fails.',
      },
    ],
  },
  {
    code: 'PKG_CONFLICT',
    class: 1,
    reads: 'output',
    pattern:
      /unmet dependencies|held broken packages|\bERESOLVE\b|No matching distribution found|Unable to find a match: |externally-managed-environment|Could not find a valid gem/,
    reason: 'packages do not fit together, or there is none of that version',
    hint: 'Correct the names and versions that the script asks for.',
    evidence: 'apt, npm, pip, dnf and gem text',
    consequence: true,
  },
  {
    code: 'PKG_INDEX',
    class: 2,
    reads: 'output',
    pattern: anyOf(
      /npm (?:ERR!|error) (?:code )?(?:ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ERR_SOCKET_TIMEOUT|E5\d\d)|npm (?:ERR!|error) network |ERR_PNPM_META_FETCH_FAIL|spurious network error|Gem::RemoteFetcher::FetchError|Could not transfer artifact [^\n]{0,300}(?:timed out|reset|refused|Unknown host|50\d)/,
      /ReadTimeoutError|NewConnectionError|NameResolutionError|Connection broken: |Could not fetch URL|\bHTTPS?ConnectionPool\b[^\n]{0,200}Max retries exceeded|Max retries exceeded with url/,
      /error: unable to contact snap store|change in progress$|device not yet seeded|temporary error \(try again later\)|keyserver (?:receive failed|search failed|timed out)|[Nn]o keyserver available|Could not reach host (?!localhost\b|127\.)\S{1,200}|[Cc]ould not connect to registry\./,
      /Unable to download the list of available providers|Unable to connect to source '?https?:|No match was found for the specified search criteria for the provider|Unable to resolve package source|HRESULT:? 0x8024|\b0x80244[0-9a-fA-F]{3}\b|\b0x8a15000f\b/,
    ),
    reason: 'a package index or key server did not answer',
    hint: 'If the retry fails too, check the way out of the guest, or use a mirror of your own.',
    evidence: 'npm, pip, snap, apk, gpg, gem and maven text',
  },
];
