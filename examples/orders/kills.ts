/** Decides who is killed, and when: one process after the other, each in the middle of its work. */
export class Kills {
  private readonly next = ['worker-1', 'shop-1', 'worker-2', 'mail', 'worker-3'];
  private readonly condemned = new Set<string>();

  /** With each further eighth of the orders, one more is to be killed. */
  placed(orders: number, all: number): void {
    const due = Math.floor((orders * 8) / all);
    while (this.next.length > 0 && 5 - this.next.length < due) this.condemned.add(this.next.shift() as string);
  }

  /** Whether the process that has just begun an order is to be killed now. */
  strikes(name: string): boolean {
    return this.condemned.delete(name);
  }
}
