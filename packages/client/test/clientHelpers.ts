import { connect, type ConnectOptions, type PeekClient, type Store } from "@peek/client";
import { onTestFinished, vi } from "vitest";
import { ScriptedService } from "./ScriptedService.ts";

export { Add, Counter, counters } from "./clientContracts.ts";

let names = 0;

/** A unique name for a client. */
export function freshName(): string {
  names += 1;
  return `test-${process.pid}-${names}`;
}

export async function openService(): Promise<ScriptedService> {
  const service = await ScriptedService.open();
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

/** A client that is closed after the test. */
export function openClient(options: ConnectOptions & { readonly url: string | readonly string[] }): PeekClient {
  const client = connect({ name: freshName(), ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Waits for a value of a store, and returns it. */
export async function valueOf<Value>(store: Store<Value>, isWanted: (value: Value) => boolean): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>();
  const look = (): void => {
    const value = store.getSnapshot();
    if (isWanted(value)) resolve(value);
  };
  const end = store.subscribe(look);
  look();
  try {
    return await promise;
  } finally {
    end();
  }
}

/** The values of a store from now on. */
export function historyOf<Value>(store: Store<Value>): Value[] {
  const values: Value[] = [];
  store.subscribe(() => values.push(store.getSnapshot()));
  return values;
}

/** The globals of a page of a service's site, for the rest of the test. */
export class Page extends EventTarget {
  readonly visibilityState = "visible";
  cookie = "";

  static of(url: string): Page {
    const page = new Page();
    const { host, href } = new URL(url.replace("ws", "http"));
    vi.stubGlobal("document", page);
    vi.stubGlobal("location", { host, href, protocol: "http:" });
    onTestFinished(() => void vi.unstubAllGlobals());
    return page;
  }
}

const realSetInterval = setInterval;

/** Runs clocks and timers ten times as fast for the rest of the test. While the process is busy, they stand still. */
export function speedUpTime(): void {
  stopTime();
  const ticking = realSetInterval(() => void vi.advanceTimersByTime(10), 1);
  onTestFinished(() => clearInterval(ticking));
}

/** Stops clocks and timers for the rest of the test: `vi.advanceTimersByTime()` moves them. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}
