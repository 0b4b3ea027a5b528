import { doneWith } from "../src/tasks/millionQueued.ts";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { TaskSystem } from "../src/tasks/TaskSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksMillion.ts [tasks]

const tasks = given(1_000_000);
await using database = await openOwnDatabase();
await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
const worker = await system.startWorker();
// A thousand are executed before the same number can be queued again.
const few = await doneWith(system, worker, 10_000);
const many = await doneWith(system, worker, tasks);
print("tasks queued", tasks);
print("queued in a second", many.enqueuedPerSecond);
print("depth, as peek status tells", many.depth, `at least ${tasks}`);
print("done in a second with 10,000", few.perSecond);
print("done in a second with all", many.perSecond, `${Math.round(few.perSecond)} ± 20 %`);
print("memory of logic with 10,000, MiB", few.logicMb);
print("memory of logic with all, MiB", many.logicMb, "about the same");
print("memory of the worker with 10,000, MiB", few.workerMb);
print("memory of the worker with all, MiB", many.workerMb, "about the same");
