import { killedWhileTutorial } from "../src/tasks/killedWhileTutorial.ts";
import { openOwnDatabase } from "../src/tasks/ownDatabase.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/tasksTutorial.ts [seconds]

const seconds = given(300);
await using database = await openOwnDatabase();
const figures = await killedWhileTutorial(database.connectUrl, seconds);
print("seconds", seconds);
print("kills of one of ten workers", figures.kills);
print("numbers answered", figures.answered, `about ${Math.floor(seconds / 5)}`);
print("answered wrongly", figures.wrong, "0");
print("not answered within 30 s", figures.unanswered);
