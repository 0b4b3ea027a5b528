/** The dependencies of a {@link ViolationReporter}. */
export interface ViolationReporterOptions {
  /** The plugin whose code is running, by the stack of an error that is made there. */
  readonly pluginAtFault: (error: Error) => string | undefined;
  /** Logs a violation. */
  readonly onViolation: (plugin: string | undefined, what: string) => void;
}

const maxReported = 1000;

/** Reports attempts of plugins to change the shared process, each kind once for each plugin. */
export class ViolationReporter {
  readonly #options: ViolationReporterOptions;
  readonly #reported = new Set<string>();

  constructor(options: ViolationReporterOptions) {
    this.#options = options;
  }

  /** The plugin whose code is running. */
  currentPlugin(): string | undefined {
    return this.pluginAtFault(new Error("the stack of the running code"));
  }

  /** The plugin that caused an error. */
  pluginAtFault(error: Error): string | undefined {
    return this.#options.pluginAtFault(error);
  }

  /** @param what The violation, as the rest of a sentence that begins with the plugin's name. */
  report(plugin: string | undefined, what: string): void {
    const violation = `${plugin} ${what}`;
    if (this.#reported.has(violation) || this.#reported.size > maxReported) return;
    this.#reported.add(violation);
    this.#options.onViolation(plugin, what);
  }
}
