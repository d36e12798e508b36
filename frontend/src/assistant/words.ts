/** What went wrong, for people: what happened, what was kept, what to do. */
import type { Generation } from "./generations";

type Failure = NonNullable<Generation["failure"]>;

const SENTENCES: Record<string, string> = {
  invalid: "The assistant did not understand the request.",
  too_large: "There is too much text for one request.",
  unsupported_action: "This assistant cannot do that yet.",
  forbidden: "Your role here does not let you ask the assistant.",
  not_found: "That suggestion is not known any more.",
  rate_limited: "That was a lot of requests in a short time.",
  concurrency_limited: "Too many suggestions are running at once. Wait for one of them to end.",
  quota_exceeded: "There are not enough tokens left for this.",
  blocked_output: "The assistant's answer was held back.",
  provider_unavailable: "The model cannot be reached.",
  provider_timeout: "The model took too long to answer.",
  stalled: "The model stopped in the middle of its answer.",
  internal: "Something went wrong on our side.",
  withdrawn: "A reviewer removed this answer.",
  unanswered: "The assistant did not answer.",
  unreachable: "The assistant cannot be reached.",
};

/** `keeps`: what became of the partial result, in a sentence. */
export function failureSentence(
  failure: Failure,
  partial: boolean,
  keeps = "What had arrived stays as a suggestion.",
): string {
  // What is forbidden may be so for several reasons, and the server knows which.
  const what =
    (failure.code === "forbidden" && failure.message) || (SENTENCES[failure.code] ?? failure.message);
  const kept = partial ? keeps : "Your text is untouched.";
  return `${what} ${kept}${advice(failure)}`;
}

function advice({ retryable, retryAfter, offer }: Failure): string {
  if (offer?.kind === "smaller_model")
    return ` A smaller model can do it now${retryAfter ? `, the usual one in ${seconds(retryAfter)}` : ""}.`;
  if (retryAfter) return ` Try again in ${seconds(retryAfter)}.`;
  return retryable ? " Try again in a moment." : "";
}

function seconds(count: number): string {
  const whole = Math.ceil(count);
  if (whole >= 172_800) return `${Math.ceil(whole / 86_400)} days`;
  if (whole >= 7200) return `${Math.ceil(whole / 3600)} hours`;
  if (whole >= 120) return `${Math.ceil(whole / 60)} minutes`;
  return `${whole} ${whole === 1 ? "second" : "seconds"}`;
}
