/**
 * The page's Trusted Types policy: HTML from outside is sanitised, scripts come from our own build only.
 * Imported first: the policy has to be there before any other module makes HTML.
 */
import DOMPurify from "dompurify";

interface PolicyFactory {
  createPolicy(name: string, rules: Record<string, (input: string) => string>): unknown;
  defaultPolicy: unknown;
}

function installTrustedTypes(): void {
  const factory = (window as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (!factory || factory.defaultPolicy) return;
  factory.createPolicy("default", {
    createHTML: (html) =>
      DOMPurify.sanitize(html, {
        ADD_ATTR: ["data-pm-slice", "target"],
        WHOLE_DOCUMENT: /^\s*<body/i.test(html),
        RETURN_TRUSTED_TYPE: false,
      }),
    createScriptURL: (address) => {
      const url = new URL(address, location.href);
      if (url.origin !== location.origin || !url.pathname.startsWith("/static/"))
        throw new TypeError(`Not ours: ${url}`);
      return url.href;
    },
  });
}

installTrustedTypes();
