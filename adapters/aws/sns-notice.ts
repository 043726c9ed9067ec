import { plainText } from '../../core/packer-log/plain-text.ts';
import { type Notice } from '../../core/ports.ts';

/**
 * SNS takes subjects of less than 100 characters, and 256 KiB in all: `message` in bytes leaves room for the subject.
 * `tail` in characters is how much of the end of a message that is too long is kept.
 */
const limits = { subject: 99, message: 250_000, tail: 1000 } as const;

/**
 * A notice as SNS takes it. The subject becomes printable ASCII and is cut where it is too long; the message begins with
 * the whole of it and the build, so nothing is lost. Of a message that is too long the middle is left out: it begins with
 * what happened and ends with what to do.
 */
export function snsNotice({ subject, builder, build, message }: Notice): { readonly Subject: string; readonly Message: string } {
  const line = plainText(subject).replaceAll(/\s+/g, ' ').trim();
  const whole = `${line} (build ${build} of ${builder})\n\n${plainText(message)}`.toWellFormed();
  return { Subject: shortSubject(line, builder), Message: shortMessage(whole) };
}

/** SNS wants a letter, a digit or punctuation first: without one of ASCII the builder's name has to do. */
function shortSubject(line: string, builder: string): string {
  // An accent becomes a character of its own, which goes; the letter stays.
  const ascii = line
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\u0020-\u007E]/gu, '?');
  const subject = /[A-Za-z0-9]/.test(ascii) ? ascii : `${builder}: a notice of hybridcore-packer`;
  return subject.length <= limits.subject ? subject : `${subject.slice(0, limits.subject - 3)}...`;
}

function shortMessage(text: string): string {
  const size = Buffer.byteLength(text);
  if (size <= limits.message) return text;
  const tail = text.slice(-limits.tail).toWellFormed();
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(limits.message - 3 * limits.tail - 100));
  return `${text.slice(0, read)}\n[... ${size - written - Buffer.byteLength(tail)} bytes are left out here ...]\n${tail}`;
}
