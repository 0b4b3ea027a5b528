import { defineTaskHandler } from "@peek/plugin-base/worker";
import { PickRandomNumber } from "../../contracts/PickRandomNumber.ts";

/** Gives the number back, negated. */
export default defineTaskHandler(import.meta, PickRandomNumber, (number) => -number);
