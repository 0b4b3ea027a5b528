import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { WriteProgress } from "@peek/kit";

/** A connection whose peer takes bytes when the test says so. */
class SlowConnection extends Duplex {
  #done: (() => void) | undefined;

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#done = done;
  }

  acknowledge(): void {
    this.#done?.();
  }
}

test("Heartbeats without progress are counted while bytes wait, and start over with progress", () => {
  const connection = new SlowConnection();
  const progress = new WriteProgress(connection);
  expect(progress.beat()).toBe(0);
  connection.write("a");
  connection.write("bc");
  expect([progress.beat(), progress.beat(), progress.beat()]).toEqual([0, 1, 2]);
  connection.acknowledge();
  expect([progress.beat(), progress.beat()]).toEqual([0, 1]);
});

test("An idle connection has no heartbeats without progress", () => {
  const progress = new WriteProgress(new SlowConnection());
  expect([progress.beat(), progress.beat(), progress.beat()]).toEqual([0, 0, 0]);
});
