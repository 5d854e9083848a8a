/** A progress bar in the last line of a terminal. Where the output is not a terminal, there is none. */
export class Bar {
  private text = '';
  private readonly total: number;
  private readonly out: NodeJS.WriteStream;

  constructor(total: number, out: NodeJS.WriteStream = process.stdout) {
    this.total = total;
    this.out = out;
  }

  show(done: number, label: string): void {
    const full = Math.round((done / this.total) * 30);
    this.draw(`[${'#'.repeat(full)}${'.'.repeat(30 - full)}] ${done} of ${this.total} ${label}`);
  }

  /** Writes a line above the bar. */
  line(text: string): void {
    const { text: bar } = this;
    this.draw('');
    this.out.write(`${text}\n`);
    this.draw(bar);
  }

  /** Removes the bar. */
  clear(): void {
    this.draw('');
  }

  private draw(text: string): void {
    this.text = text;
    if (this.out.isTTY) this.out.write(`\r\x1b[K${text}`);
  }
}

/** A table with the first row as its head; columns of numbers are aligned to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return typeof rows.at(-1)?.[column] === 'number' ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}
