import type { Store } from "@peek/client";
import { type WebCatalogue, webCatalogueSchema, webPaths } from "@peek/web/protocol";
import { Value } from "../store/Value.ts";
import { parseJson } from "./parseJson.ts";
import type { KeptCatalogue } from "./KeptCatalogue.ts";

/** The known plugins of the site. */
export interface CatalogueState {
  /** Undefined while it is unknown. */
  readonly catalogue?: WebCatalogue | undefined;
  /**
   * - `loading`: the site was asked for the first time.
   * - `current`: as the site has said last.
   * - `unreachable`: the site has not answered; the catalogue is an earlier one, or unknown.
   * - `login`: the session has ended.
   * - `refused`: the site refuses it to this user, or has a malformed one; see `problem`.
   */
  readonly status: "loading" | "current" | "unreachable" | "login" | "refused";
  readonly problem?: string | undefined;
}

const maxLength = 5_000_000;
const deadlineMs = 20_000;

/** The catalogue of the site: the one that the device keeps at first, then what the site says. */
export class CatalogueStore {
  readonly #state: Value<CatalogueState>;
  readonly #kept: KeptCatalogue;
  #etag: string | undefined;
  #running: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(kept: KeptCatalogue) {
    this.#kept = kept;
    this.#state = new Value<CatalogueState>({ catalogue: kept.read(), status: "loading" });
  }

  get state(): Store<CatalogueState> {
    return this.#state;
  }

  /** Asks the site. @param etag The present ETag, if it is known: without a change, nothing is asked. */
  async refresh(etag?: string): Promise<void> {
    if (etag !== undefined && etag === this.#etag && this.#state.getSnapshot().status === "current") return;
    if (this.#running !== undefined) {
      this.#isAskedAgain = true;
      return this.#running;
    }
    this.#running = this.#ask();
    await this.#running;
    this.#running = undefined;
    if (!this.#isAskedAgain) return;
    this.#isAskedAgain = false;
    await this.refresh();
  }

  /** The site has ended the session. */
  sessionEnded(): void {
    this.#change({ status: "login" });
  }

  async #ask(): Promise<void> {
    let response: Response;
    try {
      // The page has begun to load it. Browsers use that answer for a request of this kind only.
      response = await fetch(webPaths.catalogue, { signal: AbortSignal.timeout(deadlineMs) });
    } catch {
      return this.#change({ status: "unreachable" });
    }
    if (response.status === 401) return this.#change({ status: "login" });
    const text = await response.text().catch(() => "");
    if (response.status >= 500) return this.#change({ status: "unreachable", problem: messageIn(text) });
    if (!response.ok) return this.#change({ status: "refused", problem: messageIn(text) });
    const parsed = webCatalogueSchema.safeParse(text.length > maxLength ? undefined : parseJson(text));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const problem = `The site's catalogue is malformed: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
      return this.#change({ status: "refused", problem });
    }
    this.#etag = response.headers.get("etag") ?? undefined;
    this.#kept.write(parsed.data);
    this.#state.set({ catalogue: parsed.data, status: "current" });
  }

  #change(change: Omit<CatalogueState, "catalogue">): void {
    this.#state.set({ catalogue: this.#state.getSnapshot().catalogue, ...change });
  }
}

function messageIn(text: string): string | undefined {
  const body: unknown = parseJson(text);
  const message: unknown = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  return typeof message === "string" ? message : undefined;
}
