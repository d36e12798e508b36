"""What goes wrong, with the server's stable code."""

import httpx


class InterlineError(Exception):
    """A refusal. `code` is of the public contract; `retry_after` is in seconds, None where the server did not say."""

    def __init__(self, code: str, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after


async def raise_for_problem(answer: httpx.Response) -> None:
    """Raise the RFC 9457 problem that `answer` is, if it is one."""
    if answer.is_success:
        return
    await answer.aread()
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    raise InterlineError(
        str(problem.get("code", "internal")),
        str(problem.get("detail", answer.reason_phrase)),
        status=answer.status_code,
        retry_after=problem.get("retry_after"),
    )
