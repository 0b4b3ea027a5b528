import { defineTaskHandler } from "@peek/plugin-base/worker";
import { PickRandomNumber } from "../../contracts/PickRandomNumber.ts";

/** Returns the negated number. */
export default defineTaskHandler(import.meta, PickRandomNumber, (number) => -number);
