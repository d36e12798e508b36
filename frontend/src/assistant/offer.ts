/** What is offered where there are not enough tokens: the same by a smaller model, instead of a wall. */
import type { Failure } from "./generations";
import type { GenerationOptions } from "./messages";

export const SMALLER_LABEL = "Use the smaller model";
export const ON_SMALLER: GenerationOptions = { smaller: true };

export function isSmallerOffered(failure: Failure | null | undefined): boolean {
  return failure?.offer?.kind === "smaller_model";
}
