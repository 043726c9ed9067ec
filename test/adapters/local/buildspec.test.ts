import { describe, expect, it } from 'vitest';

import { readBuildspec } from '../../../adapters/local/packaged-files.ts';
import { parseBuildspec } from '../../../adapters/local/buildspec.ts';

const parse = (text: string) => parseBuildspec(text, 'spec.yml');
const minimal = 'version: 0.2\nphases: {}\n';

describe('a buildspec', () => {
  it('is read with every scalar as the text that stands there', () => {
    const text = `version: 0.2
env:
  shell: bash
  variables: { A: 1.10, B: yes, C: "x y", D: 0x10, E: }
  exported-variables: [A]
phases:
  install:
    runtime-versions: { nodejs: 24 }
    commands: [one]
    finally: [last]
    on-failure: CONTINUE
  build:
    commands:
      - |
        two
        three
cache: { paths: ['node_modules/**/*'] }
`;
    expect(parse(text)).toStrictEqual({
      ok: true,
      value: {
        shell: 'bash',
        variables: { A: '1.10', B: 'yes', C: 'x y', D: '0x10', E: '' },
        exportedVariables: ['A'],
        phases: {
          install: { commands: ['one'], finally: ['last'], onFailure: 'CONTINUE' },
          pre_build: { commands: [], finally: [], onFailure: null },
          build: { commands: ['two\nthree\n'], finally: [], onFailure: null },
          post_build: { commands: [], finally: [], onFailure: null },
        },
      },
    });
  });

  it('of this project is one that runs here', async () => {
    expect(parse(await readBuildspec())).toMatchObject({ ok: true, value: { shell: '/bin/sh' } });
  });

  it.each([
    [
      'an unknown key',
      'version: 0.2\nphases:\n  build:\n    comands: [x]\n',
      'spec.yml:4: phases.build.comands: buildspec 0.2 has no such key',
    ],
    ['an unknown phase', 'version: 0.2\nphases:\n  builds: {}\n', 'spec.yml:3: phases.builds'],
    ['another version', 'version: 0.1\nphases: {}\n', 'spec.yml:1: version: the version is 0.2'],
    ['no phases', 'version: 0.2\n', 'phases'],
    [
      'a command that YAML reads as a map',
      'version: 0.2\nphases:\n  build:\n    commands:\n      - echo fine\n      - echo a: b\n',
      'spec.yml:6: phases.build.commands.1',
    ],
    ['broken YAML', 'version: 0.2\nphases: [\n', 'spec.yml:'],
    ['a key that stands twice', 'version: 0.2\nphases: {}\nphases: {}\n', 'spec.yml:3: '],
    ['a list', '- x\n', 'spec.yml:1: '],
    ['nothing', '', 'spec.yml:1: '],
    ['a reserved variable', 'version: 0.2\nenv:\n  variables:\n    CODEBUILD_X: y\nphases: {}\n', 'spec.yml:4: env.variables.CODEBUILD_X'],
    ['an exported credential', 'version: 0.2\nenv:\n  exported-variables: [AWS_SECRET_ACCESS_KEY]\nphases: {}\n', 'exports no AWS_'],
    ['another shell', 'version: 0.2\nenv: { shell: zsh }\nphases: {}\n', 'the shell is bash or /bin/sh'],
    ['an unknown on-failure', 'version: 0.2\nphases: { build: { on-failure: IGNORE } }\n', 'on-failure is ABORT'],
    ['a NUL in a command', 'version: 0.2\nphases: { build: { commands: ["a\\0b"] } }\n', 'a NUL cannot be told'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      'alias',
    ],
  ])('with %s is refused, with the line', (_what, text, message) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ ok: false, failure: { rule: 'SERVICE_REFUSED' } });
    expect(parsed.ok ? '' : parsed.failure.message).toContain(message);
  });

  it.each([
    ['run-as: root', minimal + 'run-as: root\n'],
    ['env.parameter-store.A', minimal + 'env: { parameter-store: { A: /name } }\n'],
    ['env.secrets-manager.A', minimal + 'env: { secrets-manager: { A: id:key } }\n'],
    ['env.git-credential-helper', minimal + 'env: { git-credential-helper: yes }\n'],
    ['proxy', minimal + 'proxy: { logs: yes }\n'],
    ['batch', minimal + 'batch: { fast-fail: true }\n'],
    ['reports', minimal + 'reports: { group: { files: [x] } }\n'],
    ['artifacts', minimal + 'artifacts: { files: [x] }\n'],
    ['phases.build.run-as', 'version: 0.2\nphases: { build: { run-as: root } }\n'],
    ['phases.build.on-failure', 'version: 0.2\nphases: { build: { on-failure: RETRY-2 } }\n'],
  ])('that needs %s is refused, since it is not carried out here', (place, text) => {
    const parsed = parse(text);
    expect(parsed.ok ? '' : parsed.failure.message).toContain(place.split(':')[0]);
    expect(parsed.ok ? '' : parsed.failure.remedy).toContain('on AWS');
  });

  it('may name what exists only on AWS as long as it is empty', () => {
    expect(parse(minimal + 'env: { parameter-store: {}, secrets-manager: {}, git-credential-helper: no }\nartifacts: {}\n').ok).toBe(true);
  });
});
