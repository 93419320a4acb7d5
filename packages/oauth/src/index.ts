export { accessTokenOf } from './credential.ts';
export { maskedEmail } from './default-account.ts';
export { oauthLogin, type OAuthLogin } from './oauth-login.ts';
export type {
  OAuthAccount,
  OAuthEndpoints,
  OAuthFlow,
  OAuthGrant,
  OAuthOptions,
  OAuthParameters,
  OAuthRedirect,
  OAuthServer,
} from './oauth-options.ts';
