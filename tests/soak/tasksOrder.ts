import { keyOrder } from "../src/tasks/keyOrder.ts";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { TaskSystem } from "../src/tasks/TaskSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksOrder.ts [keys]

const keys = given(100);
const each = 100;
await using database = await openOwnDatabase();
await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
const figures = await keyOrder(system, { workers: 8, keys, each, kills: 8, limitMs: 600_000 });
print("keys", keys);
print("tasks done", figures.done, String(keys * each));
print("processes that did some", figures.workers);
print("tries out of order in their key", figures.outOfOrder, "0");
print("in all, s", figures.tookMs / 1000);
