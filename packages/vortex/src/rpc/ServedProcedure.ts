import type { RpcCallContext } from "@peek/plugin-base";
import type { RpcContract, RpcProcedure } from "@peek/plugin-base/contracts";
import type { z } from "zod";

/** A handler as the platform sees it: its types are checked at run time. */
export type Handler = (input: unknown, context: RpcCallContext) => unknown;

/** A procedure as its server sees it: all that is the same for each call. */
export class ServedProcedure {
  /** `<contract>.<procedure>`, for messages. */
  readonly title: string;
  /** `<contract> <procedure>`, as in the header of a call. */
  readonly route: string;
  readonly inputTitle: string;
  readonly outputTitle: string;
  readonly input: z.ZodType | undefined;
  readonly hasOutput: boolean;
  readonly isStream: boolean;
  readonly errors: RpcProcedure["errors"];
  readonly handler: Handler;
  /** How many of its calls run. Only the served contract writes it. */
  running = 0;

  constructor(contract: RpcContract, name: string, procedure: RpcProcedure, handler: Handler) {
    const { input, output, stream, errors } = procedure;
    this.title = `${contract.name}.${name}`;
    this.route = `${contract.name} ${name}`;
    this.inputTitle = `the input of ${this.title}`;
    this.outputTitle = stream === undefined ? `the output of ${this.title}` : `an item of ${this.title}`;
    this.input = input;
    this.hasOutput = output !== undefined;
    this.isStream = stream !== undefined;
    this.errors = errors;
    this.handler = handler;
  }
}
