export { explainTlsFailure } from "./explainTlsFailure.ts";
export { isLoopback, isThisMachine } from "./isThisMachine.ts";
export { type CertificateVerdict, verifyClientCertificate } from "./verifyClientCertificate.ts";
export { ensureLocalTokens, localTokenFile, type LocalTokens, readLocalToken } from "./localTokens.ts";
export { readAuthorities } from "./readAuthorities.ts";
export { readBundle, type TlsBundle } from "./readBundle.ts";
export { type CertificateSubject, serviceOfCertificate } from "./serviceOfCertificate.ts";
export { serviceToken, type ServiceToken, type ServiceTokenOptions } from "./serviceToken.ts";
export { parseToken, type Token } from "./Token.ts";
export {
  type ListedToken,
  type TokenOptions,
  type TokensListener,
  TokenStore,
  type TokenVerdict,
} from "./TokenStore.ts";
export type { TokenState } from "./TokenEntry.ts";
export { TlsReloader, type TlsReloaderOptions } from "./TlsReloader.ts";
export { tokensFile } from "./tokensFile.ts";
export { ExchangeAuthenticator } from "./ExchangeAuthenticator.ts";
export { wsCredentials } from "./wsCredentials.ts";
