import { expect, it } from "vitest";
import { Limit } from "../src/hooks/Limit.ts";

it("lets as much work be under way as it has room for, and the rest wait its turn", async () => {
  const limit = new Limit(2);
  const began: number[] = [];
  const works = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = works.map((work, index) =>
    limit.run(async () => {
      began.push(index);
      await work.promise;
      return index;
    }),
  );
  expect(began).toEqual([0, 1]);
  works[1]?.resolve();
  await all[1];
  expect(began).toEqual([0, 1, 2]);
  for (const work of works) work.resolve();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4]);
  expect(began).toEqual([0, 1, 2, 3, 4]);
});

it("lets the next begin when work says that it has left, and no more than that one", async () => {
  const limit = new Limit(1);
  const began: string[] = [];
  const rest = Promise.withResolvers<void>();
  const leaving = limit.run(async (leave) => {
    leave();
    leave();
    await rest.promise;
  });
  const others = ["one", "two"].map((name) =>
    limit.run(async () => {
      began.push(name);
      await rest.promise;
    }),
  );
  await Promise.resolve();
  expect(began).toEqual(["one"]);
  rest.resolve();
  await Promise.all([leaving, ...others]);
  expect(began).toEqual(["one", "two"]);
});

it("has its place back when work fails", async () => {
  const limit = new Limit(1);
  const failing = limit.run(() => Promise.reject(new Error("no")));
  const waiting = limit.run(async () => "turn");
  await expect(failing).rejects.toThrow("no");
  expect(await waiting).toBe("turn");
  expect(await limit.run(async () => "again")).toBe("again");
});
