import type { TableChange } from "@peek/plugin-base";
import { until } from "./embedded/until.ts";

/** Records the changes that a watcher gets; the first says that anything may have changed. */
export class ChangeRecorder {
  readonly changes: TableChange[] = [];

  /** Called before each change is recorded. */
  onChange: () => void = () => undefined;

  readonly listener = (changes: readonly TableChange[]): void => {
    this.onChange();
    this.changes.push(...changes);
  };

  clear(): void {
    this.changes.length = 0;
  }

  /** Waits for a change of a table. */
  async of(table: string, operation?: TableChange["operation"]): Promise<TableChange> {
    const find = (): TableChange | undefined =>
      this.changes.find((each) => each.table === table && (operation ?? each.operation) === each.operation);
    await until(`a change of ${table} is reported`, () => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error("It is gone");
    return found;
  }
}
