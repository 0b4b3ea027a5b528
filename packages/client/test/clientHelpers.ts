import { connect, type ConnectOptions, type PeekClient, type Store } from "@peek/client";
import { onTestFinished, vi } from "vitest";
import { ScriptedService } from "./ScriptedService.ts";

export { Add, Counter, counters } from "./clientContracts.ts";

let names = 0;

/** A name that no other client has. */
export function freshName(): string {
  names += 1;
  return `test-${process.pid}-${names}`;
}

export async function openService(): Promise<ScriptedService> {
  const service = await ScriptedService.open();
  onTestFinished(() => service[Symbol.asyncDispose]());
  return service;
}

/** A client that ends with the test. */
export function openClient(options: ConnectOptions & { readonly url: string | readonly string[] }): PeekClient {
  const client = connect({ name: freshName(), ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Waits until a store's value is as wanted, and gives it. */
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

/** All values that a store takes from now on. */
export function historyOf<Value>(store: Store<Value>): Value[] {
  const values: Value[] = [];
  store.subscribe(() => values.push(store.getSnapshot()));
  return values;
}

/** A page as a browser has it, of the site of a service, for the rest of the test. */
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
