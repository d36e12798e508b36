/** The documentation of REST: Swagger UI in our colours. What is tried out goes with the session and its CSRF token. */
import { csrfToken } from "../documents/api";
import { shownTheme } from "../page/theme";
import "./docs.css";

type Outgoing = { url: string; headers: Record<string, string> };
declare const SwaggerUIBundle: ((options: object) => unknown) & { presets: { apis: unknown } };

const root = document.documentElement;
const place = document.getElementById("rest-docs") as HTMLElement;

function colour(): void {
  root.classList.toggle("dark-mode", shownTheme(root) === "dark"); // Swagger UI's own switch
}

/** The token belongs to this site: an address that somebody typed in does not get it. */
function withToken(request: Outgoing): Outgoing {
  if (new URL(request.url, location.href).origin === location.origin) {
    request.headers["X-CSRFToken"] = csrfToken();
  }
  return request;
}

/** Names for what Swagger UI leaves without one, whenever it draws. */
function label(): void {
  for (const field of place.querySelectorAll("select:not([aria-label])")) {
    field.ariaLabel = field.id === "servers" ? "Server" : "Choose a value";
  }
  for (const button of place.querySelectorAll(".copy-to-clipboard > button:not([aria-label])")) {
    button.ariaLabel = "Copy";
  }
  for (const button of place.querySelectorAll(".close-modal:not([aria-label])")) button.ariaLabel = "Close";
  for (const field of place.querySelectorAll("textarea:not([aria-label])"))
    field.ariaLabel = "Body of the request";
  for (const box of place.querySelectorAll<HTMLElement>("pre:not([tabindex])")) box.tabIndex = 0;
}

colour();
new MutationObserver(colour).observe(root, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
new MutationObserver(label).observe(place, { childList: true, subtree: true });

SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: false, // its links would lie inside of buttons
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  syntaxHighlight: false,
  requestInterceptor: withToken,
});
