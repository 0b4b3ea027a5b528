import { setTimeout } from "node:timers/promises";
import { Chromium } from "tests/Chromium";
import { type DatabaseClient, LiveServices } from "tests/LiveServices";
import { ShellPage } from "tests/shell/ShellPage";
import { roundRobin } from "../roundRobin.ts";
import { summarise } from "../statistics.ts";
import type { Case, SuiteContext } from "../Suite.ts";
import { table, withSpread } from "../table.ts";
import { type Frames, measureFrames } from "../web/measureFrames.ts";
import { rowsPlugin, rowsPluginName } from "../web/rowsPlugin.ts";

const measuredMs = 5000;
/** The changes of rows: ten at a time. */
const perSecond = 100;
const atOnce = 10;

/** 10,000 rows in a table of a page, of which some change. */
export async function webRows(executable: string, { runs }: SuiteContext): Promise<string> {
  await using services = await LiveServices.start({ plugins: [rowsPlugin()] });
  const field = await services.startBeside("field");
  await using database = await services.database();
  await using chromium = await Chromium.start(executable);
  const measure = async (isChanged: boolean): Promise<Record<keyof Frames, number>> => {
    await using person = await chromium.person();
    const shell = await ShellPage.open(person, field.origin, `/app/${rowsPluginName}`);
    await shell.sees(shell.content.locator('[data-live="true"] [role="row"]').nth(5));
    // The work that follows the load has ended.
    await measureFrames(shell.page, 1000);
    const firstValue = shell.content.locator('[data-column="value"]').first();
    const valueBefore = Number((await firstValue.innerText()).replaceAll(/\D/g, ""));
    using changes = new Changes(database);
    if (isChanged) changes.begin();
    const frames = await measureFrames(shell.page, measuredMs);
    const shown = Number(await firstValue.innerText().then((text) => text.replaceAll(/\D/g, "")));
    if (isChanged && shown < valueBefore + 10)
      throw new Error(`The page showed ${shown} after ${valueBefore}: no changes.`);
    return { ...frames };
  };
  const cases: readonly Case<keyof Frames>[] = [
    { title: "no row changes (the limit)", run: () => measure(false) },
    { title: `${perSecond} rows change per second`, run: () => measure(true) },
  ];
  const measured = await roundRobin<keyof Frames, Case<keyof Frames>>("Web, rows", cases, runs);
  const rows = measured.map(({ case: { title }, samples }) => [
    title,
    ...(["long", "longest", "busy"] as const).map((metric) =>
      withSpread(summarise(samples.map((sample) => sample[metric])), metric === "long" ? 0 : 1),
    ),
  ]);
  return `10,000 rows of the database in a \`DataTable\`, for ${measuredMs / 1000} s. The rows are changed by SQL, ${atOnce} at a time, anywhere in the table; logic, field and the client pass
them on. Busy is the share of a core that the main thread of the page uses.

${table(["", "frames over 50 ms", "longest frame, ms", "busy, %"], rows)}`;
}

/** Changes rows until it is disposed. */
class Changes implements Disposable {
  readonly #database: DatabaseClient;
  readonly #end = new AbortController();

  constructor(database: DatabaseClient) {
    this.#database = database;
  }

  begin(): void {
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    for (let round = 0; !this.#end.signal.aborted; round += 1) {
      // The first ten are visible; the others are anywhere.
      const ids = Array.from({ length: atOnce }, (_, index) => 1 + ((index * 997 + round * (index % 2) * 13) % 10_000));
      await this.#database.query("UPDATE pl_rows.row SET value = value + 1 WHERE id = ANY($1)", [ids]);
      await setTimeout((1000 * atOnce) / perSecond);
    }
  }
}
