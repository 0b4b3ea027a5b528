import { defineTaskHandler } from "@peek/plugin-base/worker";
import { spin } from "../spin.js";
import { Spin } from "./contracts.js";

export default defineTaskHandler(import.meta, Spin, spin);
