/** How long an answer is kept: a gateway follows at once when a user was admitted. */
const keptMs = 30_000;
/** How many answers are kept of each observable. */
const maxKept = 20_000;

interface Answer {
  readonly scope: string;
  readonly at: number;
}

/** The scopes to which sessions were admitted lately, so that the provider is not asked again when the channel is followed. */
export class RecentAdmissions {
  readonly #byObservable = new Map<string, Map<string, Answer>>();

  /**
   * The admissions of an observable until its rights change. An answer of before the change, which is learned later, is not kept.
   */
  of(observable: string): ObservableAdmissions {
    let answers = this.#byObservable.get(observable);
    if (answers === undefined) this.#byObservable.set(observable, (answers = new Map()));
    return new ObservableAdmissions(answers);
  }

  /** Rights have changed. */
  invalidate(observable: string): void {
    this.#byObservable.delete(observable);
  }

  /** Discards old answers. */
  sweep(): void {
    const before = performance.now() - keptMs;
    for (const [observable, answers] of this.#byObservable) {
      for (const [key, { at }] of answers) {
        // In the order of their age.
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

  /** The scope to which a session was admitted; undefined when that is not known. */
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
