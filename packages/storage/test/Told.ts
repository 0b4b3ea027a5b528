import type { TableChange } from "@peek/plugin-base";
import { until } from "./embedded/until.ts";

/** What a watcher was told; at first that anything may have changed. */
export class Told {
  readonly changes: TableChange[] = [];

  /** Called while it is told. */
  onTold: () => void = () => undefined;

  readonly listener = (changes: readonly TableChange[]): void => {
    this.onTold();
    this.changes.push(...changes);
  };

  clear(): void {
    this.changes.length = 0;
  }

  /** Waits for something to be told of a table. */
  async of(table: string, operation?: TableChange["operation"]): Promise<TableChange> {
    const find = (): TableChange | undefined =>
      this.changes.find((each) => each.table === table && (operation ?? each.operation) === each.operation);
    await until(`a change of ${table} is told`, () => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error("It is gone");
    return found;
  }
}
