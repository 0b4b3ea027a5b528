import type { z } from "zod";

/** One procedure of an RPC contract. */
export interface RpcProcedure {
  /** The input, which the caller sends. Default: none. */
  readonly input?: z.ZodType;
  /** The output, which the handler returns. Default: none. Not together with `stream`. */
  readonly output?: z.ZodType;
  /** The items of a handler that returns many, one after the other. Not together with `output`. */
  readonly stream?: z.ZodType;
  /** The errors that are part of the contract, by name, each with the data that goes with it. Default: none. */
  readonly errors?: Readonly<Record<string, z.ZodType>>;
}

/** The procedures of a contract, by name. */
export type RpcProcedures = Readonly<Record<string, RpcProcedure>>;

/** A named set of procedures, shared by callers and servers. Made by {@link defineRpc}. */
export interface RpcContract<Procedures extends RpcProcedures = RpcProcedures> {
  /** `<plugin>.<Name>`, such as `peek_plugin_tutorial.RpcForAgent`. */
  readonly name: string;
  /** The plugin that the name begins with. */
  readonly plugin: string;
  readonly procedures: Procedures;
}

/** The input that a caller passes: undefined where the procedure has no `input`. */
export type RpcInput<P extends RpcProcedure> = P extends { readonly input: infer S extends z.ZodType }
  ? z.input<S>
  : void;

/** The checked input that a handler gets. */
export type RpcCheckedInput<P extends RpcProcedure> = P extends { readonly input: infer S extends z.ZodType }
  ? z.output<S>
  : void;

/** The return type of a procedure's handler. */
export type RpcReturn<P extends RpcProcedure> = P extends { readonly stream: infer S extends z.ZodType }
  ? AsyncIterable<z.input<S>> | Iterable<z.input<S>>
  : P extends { readonly output: infer S extends z.ZodType }
    ? z.input<S> | PromiseLike<z.input<S>>
    : void | PromiseLike<void>;

/** The answer of a procedure without `stream`, checked. */
export type RpcOutput<P extends RpcProcedure> = P extends { readonly output: infer S extends z.ZodType }
  ? z.output<S>
  : void;

/** The result of a call: a promise of the answer, or an async iterable of items where the procedure has `stream`. */
export type RpcResult<P extends RpcProcedure> = P extends { readonly stream: infer S extends z.ZodType }
  ? AsyncIterable<z.output<S>>
  : Promise<RpcOutput<P>>;

/** The names of the errors that a procedure declares. */
export type RpcErrorName<P extends RpcProcedure> = P extends { readonly errors: infer Errors }
  ? keyof Errors & string
  : never;

/** The data of a declared error, checked. */
export type RpcErrorData<P extends RpcProcedure, Name extends RpcErrorName<P>> = P extends {
  readonly errors: Readonly<Record<Name, infer S extends z.ZodType>>;
}
  ? z.output<S>
  : never;
