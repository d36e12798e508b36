/** Links lead to the web or to a mailbox, never into a script. */
const SAFE_PROTOCOLS = ["http:", "https:", "mailto:"];

export function isSafeLink(address: string): boolean {
  try {
    return SAFE_PROTOCOLS.includes(new URL(address, "https://relative.invalid/").protocol);
  } catch {
    return false;
  }
}

/** Return what somebody typed as a whole address, or null when it cannot be one that is safe. */
export function completeLink(typed: string): string | null {
  const text = typed.trim();
  if (!text || /\s/.test(text)) return null;
  if (/^[^@\s/:]+@[^@\s/]+\.[^@\s/]+$/.test(text)) return `mailto:${text}`;
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`;
  try {
    const url = new URL(whole);
    if (!SAFE_PROTOCOLS.includes(url.protocol)) return null;
    if (url.protocol !== "mailto:" && !url.hostname.includes(".") && url.hostname !== "localhost")
      return null;
    return url.href;
  } catch {
    return null;
  }
}
