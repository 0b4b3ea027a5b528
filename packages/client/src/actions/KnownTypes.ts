import { type ActionType, describeSchema } from "@peek/plugin-base/contracts";
import { digestOf } from "@peek/live-protocol";

/** The types of actions that the page uses, in its versions. */
export class KnownTypes {
  /** The fingerprints of the types, by name. */
  readonly #fingerprints = new Map<string, string>();
  readonly #added: () => void;

  /** @param added Called when the page uses a further type, or another version of it. */
  constructor(added: () => void) {
    this.#added = added;
  }

  add({ name, schema }: Pick<ActionType<unknown, unknown, unknown, unknown>, "name" | "schema">): void {
    const fingerprint = digestOf([describeSchema(schema)]);
    if (this.#fingerprints.get(name) === fingerprint) return;
    this.#fingerprints.set(name, fingerprint);
    this.#added();
  }

  /** The fingerprint of the page's version of a type; empty where the page does not use the type yet. */
  fingerprintOf(type: string): string {
    return this.#fingerprints.get(type) ?? "";
  }
}
