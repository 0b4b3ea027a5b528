/** How long an answer counts; milliseconds. Whoever is admitted follows at once. */
const keptMs = 30_000;
/** Of each observable. */
const maxKept = 20_000;

interface Answer {
  readonly scope: string;
  readonly at: number;
}

/** To which scopes sessions were admitted lately, so that the plugin is not asked again when the channel is followed. */
export class RecentAdmissions {
  readonly #byObservable = new Map<string, Map<string, Answer>>();

  /**
   * Those of an observable, for now: when its rights change, they are forgotten, and what is learned later by an answer from
   * before is not kept.
   */
  of(observable: string): ObservableAdmissions {
    let answers = this.#byObservable.get(observable);
    if (answers === undefined) this.#byObservable.set(observable, (answers = new Map()));
    return new ObservableAdmissions(answers);
  }

  /** Rights have changed. */
  forget(observable: string): void {
    this.#byObservable.delete(observable);
  }

  /** Forgets what is too old. */
  sweep(): void {
    const before = performance.now() - keptMs;
    for (const [observable, answers] of this.#byObservable) {
      for (const [key, { at }] of answers) {
        // In the order in which they were learned.
        if (at > before) break;
        answers.delete(key);
      }
      if (answers.size === 0) this.#byObservable.delete(observable);
    }
  }
}

/** The {@link RecentAdmissions} of one observable. */
class ObservableAdmissions {
  readonly #answers: Map<string, Answer>;

  constructor(answers: Map<string, Answer>) {
    this.#answers = answers;
  }

  /** The scope that a session was admitted to; undefined when that is not known. */
  scopeOf(session: string, selector: string): string | undefined {
    const answer = this.#answers.get(keyOf(session, selector));
    return answer === undefined || performance.now() - answer.at > keptMs ? undefined : answer.scope;
  }

  learn(session: string, selector: string, scope: string): void {
    const key = keyOf(session, selector);
    this.#answers.delete(key);
    if (this.#answers.size < maxKept) this.#answers.set(key, { scope, at: performance.now() });
  }
}

function keyOf(session: string, selector: string): string {
  return `${session}\n${selector}`;
}
