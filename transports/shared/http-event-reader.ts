import { Code, ProtocolError } from '../../src/contract/errors.js';

/** Reads a stream of events (https://html.spec.whatwg.org/multipage/server-sent-events.html): passes on the data of each event that has some. */
export class EventReader {
  private readonly utf8 = new TextDecoder();
  private rest = '';
  private data: string[] = [];
  private size = 0;

  /** `limit`: the most characters of an event. */
  constructor(
    private readonly limit: number,
    private readonly give: (data: string) => void,
  ) {}

  /** Throws a ProtocolError, too large, for an event that is longer than the limit. */
  push(bytes: Uint8Array): void {
    this.rest += this.utf8.decode(bytes, { stream: true });
    let from = 0;
    for (;;) {
      const end = this.lineEnd(from);
      if (end < 0) break;
      this.line(this.rest.slice(from, end));
      from = this.rest.charCodeAt(end) === 13 && this.rest.charCodeAt(end + 1) === 10 ? end + 2 : end + 1;
    }
    this.rest = this.rest.slice(from);
    if (this.rest.length + this.size > this.limit)
      throw new ProtocolError(`an event has more than ${this.limit} characters (limits.frameBytes)`, Code.TooLarge);
  }

  /** Where the line that begins there ends; -1 if its end has not come. A carriage return at the end may be the half of an end. */
  private lineEnd(from: number): number {
    const { rest } = this;
    const feed = rest.indexOf('\n', from);
    const back = rest.indexOf('\r', from);
    if (back < 0 || (feed >= 0 && feed < back)) return feed;
    return back === rest.length - 1 ? -1 : back;
  }

  private line(line: string): void {
    if (line === '') {
      const data = this.data.join('\n');
      const isEvent = this.data.length > 0;
      this.data = [];
      this.size = 0;
      if (isEvent && data !== '') this.give(data);
    } else if (line.startsWith('data:')) {
      const value = line.slice(line.charCodeAt(5) === 32 ? 6 : 5);
      this.data.push(value);
      this.size += value.length + 1;
    }
  }
}
