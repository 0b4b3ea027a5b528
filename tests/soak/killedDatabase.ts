import { databaseKillSteps, UpgradedTables } from "../src/UpgradedTables.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/killedDatabase.ts [kills for each step] [step…]

const kills = given(20);
await using tables = await UpgradedTables.start();
const named: readonly string[] = process.argv.slice(3);
for (const step of databaseKillSteps.filter((each) => named.length === 0 || named.includes(each))) {
  const outcomes = { whole: 0, upgraded: 0, rowsLost: 0, journals: 0 };
  for (let index = 0; index < kills; index++) {
    const { from, to, version, applied, wanted, rows, committed, journals } = await tables.kill(step);
    if (version === from || (version === to && applied === wanted)) outcomes.whole++;
    if (version === to) outcomes.upgraded++;
    outcomes.rowsLost += committed - rows;
    outcomes.journals += journals;
  }
  const name = `the database killed at the step ${step}`;
  print(`${name}: one version whole`, outcomes.whole, String(kills));
  print(`${name}: of these, the new one`, outcomes.upgraded, "any");
  print(`${name}: rows lost`, outcomes.rowsLost, "0");
  print(`${name}: journal entries left`, outcomes.journals, "0");
}
