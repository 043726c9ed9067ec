/** Everything that the functions log: each line has one of these codes, so that a query or an alarm can rest on it. */
export const logMessages = {
  REQUEST_DISPATCHED: { level: 'info', text: 'a request was given a build' },
  REQUEST_REFUSED: { level: 'warn', text: 'a request was refused, and its caller was told why' },
  ADVANCE_FAILED: { level: 'error', text: 'a build was accepted, but what is due for it could not be done; the queue comes back to it' },
  CALL_FAILED: { level: 'error', text: 'a call failed, and nothing was accepted; it may be made again' },
  TURN_SENT: { level: 'info', text: 'a build waits for a time, and a turn was sent for it' },
  TURN_NOT_SENT: { level: 'error', text: 'a build waits for a time, and no turn could be sent for it; the sweep comes back to it' },
  EVENT_TAKEN: { level: 'info', text: 'an event of the build service was gone on with' },
  TURN_TAKEN: { level: 'info', text: 'a turn was taken' },
  MESSAGE_UNREADABLE: { level: 'error', text: 'a message is nothing that is known here, and was dropped' },
  MESSAGE_FAILED: { level: 'error', text: 'a message could not be gone on with, and comes again' },
  BATCH_FAILED: { level: 'error', text: 'a batch could not be gone on with' },
  SWEPT: { level: 'info', text: 'everything open was gone through' },
  SWEEP_PROBLEM: { level: 'error', text: 'a build or a builder could not be gone on with; the next sweep tries again' },
  SWEEP_FAILED: { level: 'error', text: 'what is open could not be gone through; the next sweep tries again' },
} as const satisfies Record<string, { level: 'info' | 'warn' | 'error'; text: string }>;

export type LogCode = keyof typeof logMessages;
