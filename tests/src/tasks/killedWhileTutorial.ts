import { setTimeout as pause } from "node:timers/promises";
import type { ServiceConfigInput } from "@peek/config";
import { TaskSystem } from "./TaskSystem.ts";

/** The results. */
export interface TutorialFigures {
  readonly kills: number;
  /** Numbers that a worker returned, negated. */
  readonly answered: number;
  /** Numbers that were answered otherwise. */
  readonly wrong: number;
  /** Warnings that no worker has answered. */
  readonly unanswered: number;
}

const answerLine = /Sent (-?\d+) to a worker, which answered (-?\d+)$/;

/** The tutorial sends its numbers, while ten workers are killed at random. */
export async function killedWhileTutorial(connectUrl: string, seconds: number): Promise<TutorialFigures> {
  const config: ServiceConfigInput = {
    logging: { levels: { peek_plugin_tutorial: "DEBUG" } },
    plugin: { enabled: ["peek_plugin_tutorial"] },
  };
  await using system = await TaskSystem.start({ connectUrl, plugins: [], logic: config });
  const workers = await system.startWorkers(10, { config });
  const end = performance.now() + seconds * 1000;
  let kills = 0;
  while (performance.now() < end) {
    await pause(Math.random() * 1000);
    const victim = workers[Math.floor(Math.random() * workers.length)];
    await victim?.kill();
    kills += 1;
    await victim?.start();
  }
  const answers = system.logic.lines.flatMap((line) => {
    const [, sent, answer] = answerLine.exec(line) ?? [];
    return sent === undefined ? [] : [Number(sent) === -Number(answer)];
  });
  return {
    kills,
    answered: answers.filter((isRight) => isRight).length,
    wrong: answers.filter((isRight) => !isRight).length,
    unanswered: system.logic.lines.filter((line) => line.includes("No worker has answered")).length,
  };
}
