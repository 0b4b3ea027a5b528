import type { z } from "zod";
import type { PeekUser } from "../users/PeekUser.ts";
import type { TableChange } from "./TableChange.ts";

/** Who asks to see an observable. */
export interface ObservableContext {
  readonly user: PeekUser;
}

/** What a provider knows of the run that it does. */
export interface LoadContext {
  /** What `scope` gave for those who watch; the empty text without one. */
  readonly scope: string;
  /**
   * Fires when nobody waits for the result any more: the run has taken 60 s, nobody has watched for 30 s, or the plugin stops.
   */
  readonly signal: AbortSignal;
}

/** The data behind an observable, on logic. */
export interface ObservableProvider<Input, Selector extends z.ZodType> {
  /** What a selector has to be like; others are refused. Default: it says nothing, `{}`. */
  readonly selector?: Selector;
  /**
   * The tables of the plugin's schema that `load` reads. When one of them is changed, by whomever, and committed, what is
   * watched is loaded again. Default: none; the plugin says by `notify` when something has changed.
   */
  readonly tables?: readonly string[];
  /**
   * The tuples that a selector means, in the order in which people are to see them. It runs once for a change, however many
   * watch, and never twice at a time for the same selector and scope, unless it goes on after `signal` has fired. When it
   * throws, or has not ended after 60 s, it is tried again, and those who watch keep what they have.
   */
  load(selector: z.output<Selector>, context: LoadContext): readonly Input[] | PromiseLike<readonly Input[]>;
  /**
   * Whether a change may concern what a selector means. Called often: it must be quick. Default: every change does.
   */
  affects?(change: TableChange, selector: z.output<Selector>): boolean;
  /** Whether a user may watch. Asked for each who subscribes or comes back, and when rights change. Default: all may. */
  authorize?(context: ObservableContext, selector: z.output<Selector>): boolean | PromiseLike<boolean>;
  /**
   * The tables of the plugin's schema that `authorize` and `scope` read: when one of them is changed, both are asked again
   * for everybody who watches. Default: none; the plugin says so by `rightsChanged`.
   */
  readonly rightsTables?: readonly string[];
  /**
   * Users of one scope see the same, those of another something else: `load` is told the scope. At most 200 characters.
   * Default: all who may watch see the same.
   */
  scope?(context: ObservableContext, selector: z.output<Selector>): string | PromiseLike<string>;
  /** How many tuples it may have; with more, it fails. Default: 10,000. */
  readonly maxTuples?: number;
}
