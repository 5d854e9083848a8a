import { type ChildProcess, fork } from 'node:child_process';
import type { Answer, Question } from './parent.js';

const ANSWER_MS = 60_000;

interface Asked {
  resolve(value: never): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** A process of the benchmark, for its parent. */
export class Child {
  private readonly process: ChildProcess;
  private readonly asked = new Map<number, Asked>();
  private readonly exited: Promise<void>;
  private nextId = 0;

  /** Starts a compiled script; what it prints goes to stderr. */
  constructor(
    private readonly name: string,
    script: string,
    args: readonly string[],
    execArgv: readonly string[] = [],
  ) {
    this.process = fork(script, args, {
      execArgv: [...execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
      serialization: 'advanced',
    });
    this.process.on('message', (answer: Answer) => this.settle(answer));
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.failAll(`the process ended with ${signal ?? code}`);
        resolve();
      });
    });
  }

  /** Rejects with the error of the child, if the child exits, or after a minute. */
  ask<T>(name: string, arg?: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.process.connected) {
        reject(new Error(`${this.name}: the process has ended`));
        return;
      }
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.asked.delete(id);
        reject(new Error(`${this.name}: no answer to ${name} within ${ANSWER_MS / 1_000} s`));
      }, ANSWER_MS);
      this.asked.set(id, { resolve: resolve as (value: never) => void, reject, timer });
      this.process.send({ id, name, arg } satisfies Question);
    });
  }

  /** Asks the child to exit; kills it if it has not within five seconds. */
  async stop(): Promise<void> {
    if (this.process.connected) this.process.disconnect();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5_000);
    await this.exited;
    clearTimeout(timer);
  }

  private settle({ id, value, error }: Answer): void {
    const asked = this.asked.get(id);
    if (asked === undefined) return;
    this.asked.delete(id);
    clearTimeout(asked.timer);
    if (error === undefined) asked.resolve(value as never);
    else asked.reject(new Error(`${this.name}: ${error}`));
  }

  private failAll(reason: string): void {
    for (const { reject, timer } of this.asked.values()) {
      clearTimeout(timer);
      reject(new Error(`${this.name}: ${reason}`));
    }
    this.asked.clear();
  }
}
