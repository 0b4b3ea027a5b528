export { spin as default } from "../../children/tasks/spin.js";
