import { setTimeout as pause } from "node:timers/promises";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { runTable } from "../src/tasks/jobsPlugin.ts";
import { TaskSystem } from "../src/tasks/TaskSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksSchedule.ts [minutes]

const minutes = given(3);
await using database = await openOwnDatabase();
await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
await system.startWorkers(2);
await system.ask({ ask: "schedule", task: "Note", cron: "* * * * *", input: { n: 1 } });
const began = new Date();
await pause(minutes * 60_000);
// A schedule outlives the process that made it.
await system.killLogic();
await system.startLogic();
await pause(minutes * 60_000);
const rows = await system.query(
  `SELECT date_trunc('minute', began) AS minute, count(*)::int AS runs, max(extract(second FROM began)) AS second
   FROM ${runTable()} WHERE began > $1 GROUP BY 1 ORDER BY 1`,
  [began],
);
print("minutes", 2 * minutes);
print("minutes in which it was run", rows.length, `${2 * minutes}, or one less for the restart`);
print("minutes in which it was run twice", rows.filter(({ runs }) => Number(runs) > 1).length, "0");
print("after the full minute, the latest, s", Math.max(...rows.map(({ second }) => Number(second))));
