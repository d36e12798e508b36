/** The close codes of both sockets. 44xx is for good; after 45xx, and after any other, one comes back. */
export const CLOSE = {
  protocol: 4400,
  signIn: 4401,
  forbidden: 4403,
  gone: 4404,
  tooLarge: 4413,
  tooSlow: 4508,
  restarting: 4512,
  overloaded: 4513,
  tooMany: 4529,
  /** Of proxies and other servers, what 4512 and 4513 are of ours. */
  serviceRestart: 1012,
  tryAgainLater: 1013,
  /** Of the browser, when no close frame came. */
  abnormal: 1006,
} as const;

const RESTARTING: readonly number[] = [CLOSE.restarting, CLOSE.serviceRestart];
const BUSY: readonly number[] = [CLOSE.overloaded, CLOSE.tryAgainLater, CLOSE.tooMany];
const PERMANENT: readonly number[] = [
  CLOSE.protocol,
  CLOSE.signIn,
  CLOSE.forbidden,
  CLOSE.gone,
  CLOSE.tooLarge,
];

/** The server is soon back, or another one is there already. */
export function isRestarting(code: number): boolean {
  return RESTARTING.includes(code);
}

/** The server needs a pause. */
export function isBusy(code: number): boolean {
  return BUSY.includes(code);
}

export function isPermanent(code: number): boolean {
  return PERMANENT.includes(code);
}
