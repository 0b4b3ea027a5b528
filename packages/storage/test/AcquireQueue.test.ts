import { PeekError } from "@peek/errors";
import { expect, it, vi } from "vitest";
import { AcquireQueue } from "../src/pool/AcquireQueue.ts";

const busy = (state: string): PeekError => new PeekError("STORAGE_BUSY", state);

/** Queues a request; by default without a connection that is being made for it. */
async function request(
  queue: AcquireQueue<string>,
  { connecting, timeoutMs = 60_000 }: { readonly connecting?: Promise<string>; readonly timeoutMs?: number } = {},
  onUnused: (client: string) => void = () => undefined,
): Promise<string> {
  return await queue.request({ connecting, timeoutMs, timeoutError: busy, onUnused });
}

it("An acquire queue serves requests in FIFO order, as long as there are connections", async () => {
  const queue = new AcquireQueue<string>();
  const requests = [request(queue), request(queue), request(queue)];
  const free = ["a", "b"];
  queue.serve(() => (free.length === 0 ? undefined : Promise.resolve(String(free.shift()))));
  expect(await Promise.all(requests.slice(0, 2))).toEqual(["a", "b"]);
  expect(queue.length).toBe(1);
  queue.serve(() => Promise.resolve("c"));
  expect(await requests[2]).toBe("c");
});

it("A queued request fails after its timeout and leaves the queue", async () => {
  const queue = new AcquireQueue<string>();
  await expect(request(queue, { timeoutMs: 1 })).rejects.toThrow("queued");
  expect(queue.length).toBe(0);
});

it("A connection that is made after the timeout of its request is handed back", async () => {
  const queue = new AcquireQueue<string>();
  const connecting = Promise.withResolvers<string>();
  const onUnused = vi.fn<(client: string) => void>();
  await expect(request(queue, { connecting: connecting.promise, timeoutMs: 1 }, onUnused)).rejects.toThrow(
    "connecting",
  );
  connecting.resolve("late");
  await expect.poll(() => onUnused).toHaveBeenCalledExactlyOnceWith("late");
});

it("rejectAll() rejects queued requests and those whose connection is being made", async () => {
  const queue = new AcquireQueue<string>();
  const pending = [request(queue), request(queue, { connecting: new Promise(() => undefined) })];
  queue.rejectAll(() => busy("closed"));
  for (const each of pending) await expect(each).rejects.toThrow("closed");
  expect(queue.length).toBe(0);
});
