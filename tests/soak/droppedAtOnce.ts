import { droppedAtOnce } from "../src/live/droppedAtOnce.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/droppedAtOnce.ts [browsers]

const browsers = given(5000);
const channels = 200;
for (const elsewhere of [false, true]) {
  await using system = await LiveSystem.start({ fields: 2 });
  const figures = await droppedAtOnce(system, { browsers, channels, rows: 2000, elsewhere });
  print("field was killed, and", elsewhere ? "another took its browsers" : "started again");
  print("browsers", browsers);
  print("all live after, s", figures.liveMs / 1000, "at most 60");
  print("of that until field had started, s", figures.startedMs / 1000);
  print("provider runs", figures.providerRuns, `at most ${channels}, the channels`);
  print("snapshots", figures.snapshots);
  print("gaps", figures.gaps, "0");
}
