/** Calls to our own REST interface, with the browser's session. */

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    /** In words, for people. */
    message: string,
  ) {
    super(message);
  }
}

/** Return the answer's JSON (null for 204). Throws Problem, also when the server cannot be reached. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const answer = await fetch(path, init).catch(() => null);
  if (!answer)
    throw new Problem(
      0,
      "unreachable",
      "The server cannot be reached. Nothing was changed. Try again later.",
    );
  if (!answer.ok) throw await problemOf(answer);
  return (answer.status === 204 ? null : await answer.json()) as T;
}

/** Run it. Return in words why it was refused; "" where it was not. */
export async function refusalOf(run: () => Promise<unknown> | undefined): Promise<string> {
  try {
    await run();
    return "";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.message;
  }
}

/** The token stands in the page: the cookie's name depends on the instance. */
export function csrfToken(): string {
  return document.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')?.value ?? "";
}

async function problemOf(answer: Response): Promise<Problem> {
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  const words = problem.detail || "Something went wrong on our side. Try again in a moment.";
  return new Problem(answer.status, problem.code ?? "internal", words);
}
