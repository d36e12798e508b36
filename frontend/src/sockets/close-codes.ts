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
  /** Of the browser, when no close frame came. */
  abnormal: 1006,
} as const;

const PERMANENT: readonly number[] = [
  CLOSE.protocol,
  CLOSE.signIn,
  CLOSE.forbidden,
  CLOSE.gone,
  CLOSE.tooLarge,
];

export function isPermanent(code: number): boolean {
  return PERMANENT.includes(code);
}
