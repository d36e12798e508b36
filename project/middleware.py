"""Request ids, who is asking, and what browsers may do with our pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils.http import escape_leading_slashes

from apps.core.ids import adopt_request_id, request_id
from apps.core.origin import current_request

GetResponse = Callable[[HttpRequest], HttpResponse]

# The editor's page makes HTML through one policy (frontend/src/editor/trusted-types.ts); Django's admin makes its own.
TRUSTED_TYPES_VIEWS = {"document"}
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types default dompurify ProseMirrorClipboard"

# Of a page's own powers only those we use.
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=()"


def request_id_middleware(get_response: GetResponse) -> GetResponse:
    """Give every request an id, in logs and in the `X-Request-ID` answer header; let records name who asked."""

    def middleware(request: HttpRequest) -> HttpResponse:
        own = adopt_request_id(request.headers.get("X-Request-ID", ""))  # the edge has put its own there
        token, asked = request_id.set(own), current_request.set(request)
        try:
            response = get_response(request)
        finally:
            request_id.reset(token)
            current_request.reset(asked)
        response["X-Request-ID"] = own
        return response

    return middleware


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Allow our own scripts, styles and sockets only; nothing inline, nothing remote."""
    form_targets = " ".join(["'self'", *settings.SOCIAL_LOGIN_ORIGINS])

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        trusted = TRUSTED_TYPES if match and match.view_name in TRUSTED_TYPES_VIEWS else ""
        socket = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
        response.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
            f"connect-src 'self' {socket}; worker-src 'self'; manifest-src 'self'; form-action {form_targets}; "
            "base-uri 'none'; frame-ancestors 'none'" + trusted,
        )
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware


class PermanentRedirect(HttpResponsePermanentRedirect):
    """308: as 301, but what is sent again is the same request, method and body included."""

    def __init__(self, url: str) -> None:
        super().__init__(url, preserve_request=True)


class SlashMiddleware(CommonMiddleware):
    """Django's; but a POST to a path that lacks its slash is led there too, with DEBUG=1 as well."""

    response_redirect_class = PermanentRedirect

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))
