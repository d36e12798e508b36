/** A refusal of the server. `code` is of the public contract; `retryAfter` is in seconds. */
export class InterlineError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "InterlineError";
  }
}

/** Throw the RFC 9457 problem that `answer` is, if it is one. */
export async function throwProblem(answer: Response): Promise<void> {
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  throw new InterlineError(
    String(problem.code ?? "internal"),
    String(problem.detail ?? answer.statusText),
    answer.status,
    typeof problem.retry_after === "number" ? problem.retry_after : null,
  );
}
