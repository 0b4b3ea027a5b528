import type { z } from "zod";
import type { PeekUser } from "../users/PeekUser.ts";
import type { TableChange } from "./TableChange.ts";

/** The user who wants to watch an observable. */
export interface ObservableContext {
  readonly user: PeekUser;
}

/** The context of a load for the provider. */
export interface LoadContext {
  /** The scope of the watching users; the empty text without `scope`. */
  readonly scope: string;
  /**
   * Fires when the result is not needed any more: the load has taken 60 s, no browser has watched for 30 s, or the plugin stops.
   */
  readonly signal: AbortSignal;
}

/** The data behind an observable, on logic. */
export interface ObservableProvider<Input, Selector extends z.ZodType> {
  /** The schema of selectors; other selectors are refused. Default: the empty selector, `{}`. */
  readonly selector?: Selector;
  /**
   * The tables of the plugin's schema that `load` reads. When a change of one of them is committed, by any client, the watched data is loaded again. Default: none; the plugin calls
   * `notify` after changes.
   */
  readonly tables?: readonly string[];
  /**
   * Loads the tuples of a selector, in the order in which users see them. It runs once for a change, regardless of the number of
   * browsers, and never concurrently for the same selector and scope, unless it continues after `signal` has fired. When it throws,
   * or has not ended after 60 s, it is retried, and browsers keep the previous data.
   */
  load(selector: z.output<Selector>, context: LoadContext): readonly Input[] | PromiseLike<readonly Input[]>;
  /**
   * Whether a change may affect the tuples of a selector. Called often: it must be fast. Default: every change does.
   */
  affects?(change: TableChange, selector: z.output<Selector>): boolean;
  /** Whether a user may watch. Checked at each subscription and reconnect, and when rights change. Default: all users may. */
  authorize?(context: ObservableContext, selector: z.output<Selector>): boolean | PromiseLike<boolean>;
  /**
   * The tables of the plugin's schema that `authorize` and `scope` read: when one of them changes, both are called again for all watching users. Default: none; the plugin calls `rightsChanged`.
   */
  readonly rightsTables?: readonly string[];
  /**
   * Users of the same scope see the same data; `load` gets the scope. At most 200 characters. Default: all users see the same.
   */
  scope?(context: ObservableContext, selector: z.output<Selector>): string | PromiseLike<string>;
  /** The maximum number of tuples; with more, the load fails. Default: 10,000. */
  readonly maxTuples?: number;
}
