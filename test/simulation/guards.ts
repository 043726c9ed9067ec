import type { WorldGuards } from './history.ts';

/**
 * What keeps the promises, each with how it is taken away, so that the simulation can show that it would notice. A guard
 * of the domain is taken away in its text as it is loaded (`without-guard.ts`): the domain knows nothing of this.
 */
export type Guard = {
  readonly name: string;
  readonly keeps: string;
  /** The scenario whose crashes show it missing; where there is none, random histories do. */
  readonly scenario?: string;
} & ({ readonly file: string; readonly text: string; readonly without: string } | { readonly world: keyof WorldGuards });

export const guards: readonly Guard[] = [
  {
    name: 'retry-condition',
    keeps: 'only class 2 is retried',
    file: 'core/transitions.ts',
    text: "'STOPPED' ? 'stop' : 'fail'",
    without: "'STOPPED' ? 'stop' : 'transient'",
  },
  {
    name: 'one-retry',
    keeps: 'the second transient failure escalates',
    file: 'core/transitions.ts',
    text: "event: 'transient', attempt: 2, to: 'escalated'",
    without: "event: 'transient', attempt: 2, to: 'retrying'",
  },
  { name: 'conditional-commits', keeps: 'of two writers one wins', world: 'conditionalCommits' },
  { name: 'create-once', keeps: 'what is sealed is never overwritten', world: 'createOnce' },
  { name: 'conditional-replace', keeps: 'who was held up cannot set a newest-of key back', world: 'conditionalReplace' },
  { name: 'sweep', keeps: 'what a crash left, and lost events, are made good', world: 'sweep' },
  {
    name: 'seal-conflict',
    keeps: 'another object in the place of a manifest is a broken chain',
    file: 'core/sealing.ts',
    text: '  if (standing === content) return manifest;\n',
    without: '  if (standing !== null) return manifest;\n',
  },
  {
    name: 'adopts-own',
    keeps: 'what another version of the program wrote for the same decision stands, and keeps nobody from the end',
    scenario: 'deployed anew while it ends',
    file: 'core/sealing.ts',
    text: '  if (standing?.build !== build.build_id || standing.kind !== kind) return undefined;\n',
    without: '  if (standing !== null) return undefined;\n',
  },
  {
    name: 'decision-first',
    keeps: 'what ends a build is committed before anything is written that follows from it',
    file: 'core/decide.ts',
    text: `  const decided: Build = { ...build, version: build.version + 1, decision };
  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: decided }]);
  return commit.committed ? decided : undefined;`,
    without: '  return { ...build, decision };',
  },
  {
    name: 'intent',
    keeps: 'a turn is recorded before anything starts',
    file: 'core/advance.ts',
    text: `    { type: 'builder', expected: builder.version, document: holder },
  ]);
  return commit.committed ? startAttempt`,
    without: `  ]);
  return commit.committed ? startAttempt`,
  },
  {
    name: 'intent-first',
    keeps: 'what is started was recorded before',
    file: 'core/advance.ts',
    text: `  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: intended },`,
    without: `  await ports.buildService.start({ token: attempt.token, builder: build.builder, environment: attemptEnvironment(build, attempt), timeLimit: attempt.time_limit });
  const commit = await ports.records.commit([
    { type: 'build', expected: build.version, document: intended },`,
  },
  {
    name: 'retry-delay',
    keeps: 'a retry waits for its time',
    file: 'core/advance.ts',
    text: 'build.retry_at === null || Date.parse(build.retry_at) <= ports.clock.now()',
    without: 'build.retry_at !== undefined',
  },
  {
    name: 'lost-patience',
    keeps: 'a run that does not show yet is not taken for lost',
    file: 'core/advance.ts',
    text: "    if (now < Date.parse(attempt.started_at ?? attempt.intended_at) + lostPatience) return waits;\n",
    without: '',
  },
  {
    name: 'queue-time',
    keeps: "the time of a run counts from when it has left the build service's queue",
    file: 'core/run-record.ts',
    text: '  if (queue.length === 0) return record.started_at;\n',
    without: '  return record.started_at;\n',
  },
  {
    name: 'clean-up-time',
    keeps: 'packer gets the time to clean up before it is ended by force',
    file: 'core/advance.ts',
    text: 'if (ports.clock.now() > since + stopGrace)',
    without: 'if (ports.clock.now() > since)',
  },
  {
    name: 'stop-while-deciding',
    keeps: "an operator's stop is heard while a transient failure is carried out",
    file: 'core/stop.ts',
    text: 'build.stop !== null || endsAsDecided(build)',
    without: 'build.stop !== null || build.decision !== null',
  },
  {
    name: 'removes-handover',
    keeps: 'what a completed run handed over goes',
    file: 'core/settle.ts',
    text: '  await ports.objects.removeRun(run);\n',
    without: '',
  },
  {
    name: 'wait-for-go',
    keeps: 'a run leaves packer alone until it is told to go',
    file: 'core/attempt.ts',
    text: '  if (!(await ports.control.awaitGo(request.run, goLimit, interrupt))) return interrupt.aborted ? success(undefined) : notConfirmed();\n',
    without: '',
  },
  {
    name: 'go-after-record',
    keeps: 'a run is told to go only once the records name it',
    file: 'core/advance.ts',
    text: "  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: started }]);\n",
    without:
      "  await ports.objects.tell(run, 'go', '');\n  const commit = await ports.records.commit([{ type: 'build', expected: build.version, document: started }]);\n",
  },
  {
    name: 'go-again',
    keeps: 'a run whose word a crash kept back is told by the next caller',
    scenario: 'success',
    file: 'core/advance.ts',
    text: "  await ports.objects.tell(run, 'go', `${build.build_id} attempt ${attempt.attempt}`);\n",
    without: '',
  },
  {
    name: 'force',
    keeps: 'a run that listens to nobody is ended by force',
    file: 'core/advance.ts',
    text: '  if (ports.clock.now() > since + stopGrace) await ports.buildService.stop(run);\n',
    without: '',
  },
  {
    name: 'overdue',
    keeps: 'a run that outlives its time limit is ended though the service does not',
    file: 'core/advance.ts',
    text: '  else if (isOverdue(record, attempt, now)) await expire(ports, build, attempt, run);\n',
    without: '',
  },
  {
    name: 'one-at-a-time',
    keeps: 'the build whose turn it is goes before those that wait',
    file: 'core/advance.ts',
    text: 'builder?.current ?? builder?.queue[0]',
    without: 'builder?.queue[0] ?? builder?.current',
  },
  {
    name: 'stop-before-start',
    keeps: 'no attempt after an operator wanted a stop',
    file: 'core/advance.ts',
    text: "  if (build.stop !== null) return endOf('stop', stoppedBy(build, build.stop.by));\n",
    without: '',
  },
  {
    name: 'stop-before-retry',
    keeps: "an operator's stop wins over a retry",
    file: 'core/transitions.ts',
    text: "return stopWanted ? 'stop' : 'transient';",
    without: "return 'transient';",
  },
  {
    name: 'quarantine-at-dispatch',
    keeps: 'a quarantined builder takes no build',
    file: 'core/dispatch.ts',
    text: 'builder !== undefined && builder.quarantine !== null',
    without: 'builder === null',
  },
  {
    name: 'quarantine-in-line',
    keeps: 'what waits for a quarantined builder is not built',
    file: 'core/advance.ts',
    text: "  if (builder.quarantine !== null) return endOf('close', quarantineFailure(builder, builder.quarantine));\n",
    without: '',
  },
  {
    name: 'joins-equal-variables',
    keeps: 'a request joins a build of its own variables alone',
    file: 'core/dispatch.ts',
    text: '    canonicalJson(waiting.variables) === canonicalJson(wanted.variables) &&\n',
    without: '',
  },
  {
    name: 'token-recorded',
    keeps: 'the same client token gives the same build',
    file: 'core/dispatch.ts',
    text: '...(token === undefined ? [] : [tokenWrite(token, dispatched.build.build_id)])',
    without: '',
  },
  {
    name: 'token-conflict',
    keeps: 'a client token stands for one request',
    file: 'core/dispatch.ts',
    text: 'if (token.request !== bodyDigest(request))',
    without: 'if (token === undefined)',
  },
  {
    name: 'skip-age',
    keeps: 'a skip rests on a manifest that is young enough',
    file: 'core/unchanged.ts',
    text: 'Date.parse(newest.sealed_at) + milliseconds(maxAge) > now',
    without: 'milliseconds(maxAge) > 0',
  },
  {
    name: 'skip-variant',
    keeps: 'a skip is held against the newest manifest of equal variables',
    file: 'core/unchanged.ts',
    text: 'variantIdOf(build.builder, build.variables)',
    without: 'variantIdOf(build.builder, {})',
  },
  {
    name: 'variant-recorded',
    keeps: 'the newest manifest of each variant is known',
    file: 'core/finish.ts',
    text: '    ...(manifest === null || after.newest === null ? [] : [await variantWrite(ports.records, finished, after.newest)]),\n',
    without: '',
  },
  {
    name: 'chain-link',
    keeps: 'each manifest names the one before',
    file: 'core/final-documents.ts',
    text: 'previous: builder.newest === null ? null : {',
    without: 'previous: builder.newest !== null ? null : builder.newest === null ? null : {',
  },
  {
    name: 'chain-head',
    keeps: 'the head of the chain moves in the commit that ends the build',
    file: 'core/finish.ts',
    text: "    { type: 'builder', expected: builder.version, document: after },\n",
    without: '',
  },
  {
    name: 'notify-before-settled',
    keeps: 'operators are told, whatever crashes',
    file: 'core/settle.ts',
    text: "  if (build.state === 'escalated' || build.state === 'quarantined') await ports.operators.notify(noticeOf(build));\n",
    without:
      "  if ((build.state === 'escalated' || build.state === 'quarantined') && build.version % 2 === 0) await ports.operators.notify(noticeOf(build));\n",
  },
  {
    name: 'pointers-before-settled',
    keeps: 'the newest-of keys are written before a build is closed',
    file: 'core/settle.ts',
    text: '  await pointToNewest(ports, build.builder);\n',
    without:
      "  await ports.records.commit([{ type: 'build', expected: build.version, document: { ...build, version: build.version + 1, settled_at: timestamp(ports.clock.now()) } }]);\n  await pointToNewest(ports, build.builder);\n",
  },
  {
    name: 'publish-quarantine',
    keeps: 'no channel moves while its builder is quarantined',
    file: 'core/publish.ts',
    text: '  if (builder.quarantine !== null) return { ok: false, failure: quarantineFailure(builder, builder.quarantine) };\n',
    without: '',
  },
  {
    name: 'publish-builder-version',
    keeps: 'a quarantine or a newer manifest between look and commit has all looked at anew',
    file: 'core/publish.ts',
    text: "    { type: 'builder', expected: builder.version, document: { ...builder, version: builder.version + 1 } },\n",
    without: '',
  },
  {
    name: 'publish-fingerprint',
    keeps: 'what is published has the fingerprint that was sent',
    file: 'core/publish.ts',
    text: 'wanted.build === null && sealed.value.fingerprint !== wanted.fingerprint',
    without: 'wanted.build === null && sealed === undefined',
  },
  {
    name: 'publish-view',
    keeps: 'a refusal is told of one moment, not of two mixed up',
    file: 'core/publish.ts',
    text: '    } else if (await stands(ports.records, request.builder, builder)) {\n      return plan;',
    without: '    } else {\n      return plan;',
  },
  {
    name: 'chain-under-way',
    keeps: 'a manifest that its build is about to seal breaks no chain',
    file: 'core/manifest-chain.ts',
    text: 'build.sealed !== null || !build.ended',
    without: 'build.sealed !== null',
  },
  {
    name: 'announce-before-settled',
    keeps: 'each final state is announced, whatever crashes',
    file: 'core/settle.ts',
    text: '  await ports.announcements.announce(finalStateOf(build));\n',
    without: '  if (build.version % 2 === 0) await ports.announcements.announce(finalStateOf(build));\n',
  },
  {
    name: 'decided-versions',
    keeps: 'who carries a decision out reads what it rests on, whatever was written over it',
    file: 'core/complete.ts',
    text: 'readHandedOver(ports.objects, ports.compression, asked, decision?.rests_on ?? undefined)',
    without: 'readHandedOver(ports.objects, ports.compression, asked)',
  },
  {
    name: 'decided-verdict',
    keeps: 'who carries a decision out judges nothing again',
    file: 'core/complete.ts',
    text: 'tellsOf(received.handed, run, decision.judged ?? decision.verdict)',
    without: 'judge(received.handed, run, build, attempt, record)',
  },
  {
    name: 'artifact-check',
    keeps: 'an image that is not there is no success',
    file: 'core/complete.ts',
    text: '(await unconfirmed(ports, judgement, attempt)) ?? judgement.verdict',
    without: 'judgement.verdict',
  },
  {
    name: 'artifact-age',
    keeps: 'an image that was there before is no success',
    file: 'core/complete.ts',
    text: '{ after: Date.parse(intended_at) }',
    without: '{ after: 0 }',
  },
  {
    name: 'expected-source',
    keeps: 'a fingerprint that the dispatcher knows better is a lie',
    file: 'core/judge.ts',
    text: ' ?? sourceProblem(report, attempt)',
    without: '',
  },
  {
    name: 'source-differs',
    keeps: 'an honest attempt that meets another source says so, and is no liar',
    file: 'core/attempt.ts',
    text: '  if (request.expected !== null && fingerprint !== request.expected) return sourceDiffers(fingerprint, request.expected);\n',
    without: '',
  },
  {
    name: 'builder-differs',
    keeps: 'packer runs only for the builder that the dispatcher knows',
    file: 'core/attempt.ts',
    text: '  if (request.builder_digest !== null && builderDigest(builder) !== request.builder_digest) return builderDiffers(request.builder);\n',
    without: '',
  },
  {
    name: 'start-from-the-record',
    keeps: 'a start that is asked for again says the same, though the dispatcher was deployed anew',
    scenario: 'deployed anew while it starts',
    file: 'core/advance.ts',
    text: 'attemptEnvironment(build, attempt)',
    without: 'attemptEnvironment(build, { ...attempt, builder_digest: builderDigest(builderOf(config, build.builder)!) })',
  },
  {
    name: 'source-in-line',
    keeps: 'where the source is known, what is unchanged starts nothing',
    file: 'core/advance.ts',
    text: '?? (await ports.deployedSource.fingerprint(build.builder, build.variables))',
    without: '?? null',
  },
];
