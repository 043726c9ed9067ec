/** Everything that the functions log: each line has one of these codes, so that a query or an alarm can rest on it. */
export const logMessages = {
  REQUEST_DISPATCHED: { level: 'INFO', text: 'a request was given a build' },
  REQUEST_REFUSED: { level: 'WARN', text: 'a request was refused, and its caller was told why' },
  API_ANSWERED: { level: 'INFO', text: 'a request of the API was answered' },
  CALL_FAILED: { level: 'ERROR', text: 'a call failed, and nothing was accepted; it may be made again' },
  TURN_SENT: { level: 'INFO', text: 'a builder waits for a time, and a turn was sent for it' },
  TURN_NOT_SENT: { level: 'ERROR', text: 'no turn could be sent for a builder; the next sweep comes back to it' },
  EVENT_TAKEN: { level: 'INFO', text: 'an event of the build service was gone on with' },
  TURN_TAKEN: { level: 'INFO', text: 'a turn was taken' },
  MESSAGE_UNREADABLE: { level: 'ERROR', text: 'a message is nothing that is known here, and was dropped' },
  MESSAGE_FAILED: { level: 'ERROR', text: 'a message could not be gone on with, and comes again' },
  BATCH_FAILED: { level: 'ERROR', text: 'a batch could not be gone on with' },
  SWEEP_PROBLEM: { level: 'ERROR', text: 'what a sweep found could not be gone on with; the next sweep tries again' },
  SWEPT: { level: 'INFO', text: 'everything open was found, and turns were sent for it' },
  SWEEP_FAILED: { level: 'ERROR', text: 'what is open could not be listed; the next sweep tries again' },
} as const satisfies Record<string, { level: 'INFO' | 'WARN' | 'ERROR'; text: string }>;

export type LogCode = keyof typeof logMessages;
