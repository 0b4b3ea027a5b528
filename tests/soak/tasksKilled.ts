import { killedWorkers } from "../src/tasks/killedWorkers.ts";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { TaskSystem } from "../src/tasks/TaskSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksKilled.ts [tasks]

const tasks = given(10_000);
await using database = await openOwnDatabase();
await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
const figures = await killedWorkers(system, { tasks, kills: Math.ceil(tasks / 500), running: 100, limitMs: 600_000 });
print("tasks", tasks);
print("kills of a worker with 100 running", figures.kills);
print("tries that were lost", figures.lostTries);
print("tasks lost", figures.lost, "0");
print("begun after their success was recorded", figures.begunAfterSuccess, "0");
print("from a kill to the next try, the longest, s", figures.retriedMs / 1000, "at most 120");
print("in all, s", figures.tookMs / 1000);
