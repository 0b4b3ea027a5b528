import { flood, packFloodPlugins } from "../src/tasks/flood.ts";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { TaskSystem } from "../src/tasks/TaskSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksFlood.ts [tasks]

const tasks = given(100_000);
await using database = await openOwnDatabase();
await using system = await TaskSystem.start({ connectUrl: database.connectUrl, plugins: packFloodPlugins() });
const figures = await flood(system, tasks);
print("tasks of a plugin's flood", tasks);
print("another plugin's 10 were done after, s", figures.otherMs / 1000, "seconds");
print("begun of the flood meanwhile", figures.begunMeanwhile);
print("left of the flood", figures.left);
