import { plainText } from '../core/packer-log/plain-text.ts';
import { paint } from './answer.ts';
import { type Host } from './host.ts';

/** Tells a person how it goes with what was asked for. */
export function say(host: Host, text: string): void {
  host.terminal.err.write(`${paint(host.terminal.err, 'cyan', plainText(text))}\n`);
}
