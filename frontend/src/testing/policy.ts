/** Policies of tests. */
import type { PolicyInForce } from "../assistant/messages";

/** Everything may be asked for. */
export const FREE: PolicyInForce = {
  mode: "full",
  routes: "any",
  spenders: "everyone",
  screening: "usual",
  after_checks: "none",
  refusal: "",
  held: [],
};
