import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TutorialContracts, tutorialContracts } from "./src/importContracts.ts";
import { type LiveContracts, liveContracts, livePlugin, livePluginName } from "./src/livePlugin.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { RecordingClient, valueOf } from "./src/RecordingClient.ts";

describe("a pushed action", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let one: LiveService;
  let other: LiveService;
  let contracts: LiveContracts;
  let tutorial: TutorialContracts;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start({ plugins: [livePlugin()] }));
    [one, other] = await Promise.all([services.startBeside("field"), services.startElsewhere("field")]);
    contracts = await liveContracts(one);
    tutorial = await tutorialContracts();
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const notes = async (like: string): Promise<readonly unknown[]> => {
    await using database = await services.database();
    const rows = await database.query("SELECT text FROM pl_live.note WHERE text LIKE $1 ORDER BY n", [like]);
    return rows.map(({ text }) => text);
  };

  it("that its handler rejects becomes a dead letter in peek action list, and later ones are executed", async () => {
    using recording = new RecordingClient({ url: one.url });
    const { client } = recording;
    const texts = ["good 1", "bad 2", "good 3"];
    const pushed = await Promise.all(texts.map((text) => client.push(contracts.Note, { text })));
    const outcomes = await Promise.allSettled(pushed.map(({ result }) => result));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({
      reason: { code: "ACTION_REJECTED", message: expect.stringContaining("This is not noted: bad 2") },
    });
    expect(await notes("good %")).toEqual(["good 1", "good 3"]);
    expect(await notes("bad%")).toEqual([]);

    const missing = await client.push(tutorial.AddIntValue, { id: 99, offset: 1 });
    await expect(missing.result).rejects.toThrow("There is no row 99 any more");
    const { code, stdout, stderr } = await peek(services.base, "action", "list", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const letters = JSON.parse(stdout) as readonly { id: string; plugin: string }[];
    expect(letters).toHaveLength(2);
    expect(letters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          plugin: livePluginName,
          action: `${livePluginName}.Note`,
          code: "ACTION_REJECTED",
          message: expect.stringContaining("bad 2"),
          user: expect.objectContaining({ anonymous: true }),
        }),
        expect.objectContaining({ plugin: "peek_plugin_tutorial", code: "ACTION_REJECTED" }),
      ]),
    );

    const letter = letters.find(({ plugin }) => plugin === livePluginName);
    const deleted = await peek(services.base, "action", "delete", livePluginName, letter?.id ?? "");
    expect(deleted).toMatchObject({
      code: 0,
      stdout: `deleted dead letter ${letter?.id} of ${livePluginName}\n`,
    });
    expect(await peek(services.base, "action", "list", "peek_plugin_never")).toMatchObject({ code: 64, stdout: "" });
    expect(JSON.parse((await peek(services.base, "action", "list", livePluginName, "--json")).stdout)).toEqual([]);
  });

  it("is executed exactly once and in the order of its lane while the database is killed", async () => {
    using recording = new RecordingClient({ url: one.url });
    const { client } = recording;
    const lanes = ["a", "b", "c", "d"];
    const texts = (lane: string): string[] => Array.from({ length: 50 }, (_, index) => `db ${lane} ${index}`);
    await (
      await client.push(contracts.Note, { text: "db first" })
    ).result;
    const runs = services.logic.waitFor(/EmbeddedServer:.*runs again/);
    const pushing = Promise.all(
      lanes.map(async (lane) => {
        for (const [index, text] of texts(lane).entries()) {
          const { result } = await client.push(contracts.Note, { text }, { lane });
          if (index === 10 && lane === "a") await services.killDatabase();
          // Some pushes await the previous outcome, some do not.
          if (lane < "c") await result;
        }
      }),
    );
    await pushing;
    await runs;
    await valueOf(client.pending, (pending) => pending.length === 0);
    for (const lane of lanes) expect(await notes(`db ${lane} %`)).toEqual(texts(lane));
  });

  it("is executed exactly once while logic is killed", async () => {
    using recording = new RecordingClient({ url: one.url });
    const { client } = recording;
    const texts = Array.from({ length: 100 }, (_, index) => `logic ${index}`);
    const pushed = await Promise.all(texts.map((text) => client.push(contracts.Note, { text })));
    await pushed[20]?.result;
    await services.killLogic();
    await services.startLogic();
    await valueOf(client.pending, (pending) => pending.length === 0);
    expect(await notes("logic %")).toEqual(texts);
    expect(await Promise.all(pushed.map(({ result }) => result))).toHaveLength(100);
  });

  it("is executed exactly once through another field service when its own is killed", async () => {
    using recording = new RecordingClient({ url: [one.url, other.url] });
    const { client } = recording;
    const texts = Array.from({ length: 200 }, (_, index) => `field ${index}`);
    const pushed = await Promise.all(texts.map((text) => client.push(contracts.Note, { text })));
    await pushed[20]?.result;
    one.process.kill("SIGKILL");
    await Promise.all(pushed.map(({ result }) => result));
    await valueOf(client.pending, (pending) => pending.length === 0);
    expect(await notes("field %")).toEqual(texts);
    expect(recording.urls.at(-1)).toBe(other.url);
  });
});
