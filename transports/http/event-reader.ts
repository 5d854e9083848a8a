import { Code, ProtocolError } from '../../src/contract/errors.js';
import { appended } from '../shared/joined-bytes.js';

const NOTHING = new Uint8Array(0);
/** How many lines of data are kept one by one. A line may hold the text of the whole piece that it came in. */
const LINES = 100;

/** Reads a stream of events (https://html.spec.whatwg.org/multipage/server-sent-events.html): passes on the data of each event that has some. */
export class EventReader {
  private readonly utf8 = new TextDecoder();
  /** The first `size` bytes begin a line whose end has not come. */
  private kept: Uint8Array = NOTHING;
  private size = 0;
  /** Whether the last byte was a carriage return: a line feed after it belongs to the same end of a line. */
  private returned = false;
  /** The data of an event: earlier lines of it, and then the last ones. */
  private text = '';
  private lines: string[] = [];
  /** How many characters they have. */
  private length = 0;

  /** `limit`: the most characters of an event. */
  constructor(
    private readonly limit: number,
    private readonly give: (data: string) => void,
  ) {}

  /** Throws a ProtocolError, too large, for an event that is longer than the limit. Looks at each byte once. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const from = this.returned && bytes[0] === 10 ? 1 : 0;
    const end = Math.max(bytes.lastIndexOf(10), bytes.lastIndexOf(13)) + 1;
    this.returned = bytes[bytes.length - 1] === 13;
    if (end > from) {
      const text = this.utf8.decode(this.kept.subarray(0, this.size), { stream: true });
      const lines = (text + this.utf8.decode(bytes.subarray(from, end), { stream: true })).split(/\r\n?|\n/);
      this.kept = NOTHING;
      this.size = 0;
      lines.pop();
      for (const line of lines) this.line(line);
    }
    const rest = bytes.subarray(Math.max(from, end));
    if (this.size + rest.length + this.length > this.limit)
      throw new ProtocolError(`an event has more than ${this.limit} characters (limits.frameBytes)`, Code.TooLarge);
    this.kept = appended(this.kept, this.size, rest, this.limit);
    this.size += rest.length;
  }

  private line(line: string): void {
    if (line === '') {
      const data = this.text + this.lines.join('\n');
      this.text = '';
      this.lines = [];
      this.length = 0;
      if (data !== '') this.give(data);
    } else if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5);
      this.length += value.length + 1;
      if (this.lines.length === LINES) {
        this.text += `${this.lines.join('\n')}\n`;
        this.lines = [];
      }
      this.lines.push(value);
    }
  }
}
