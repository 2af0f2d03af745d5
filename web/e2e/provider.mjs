/**
 * A certified OpenID provider on loopback, for OidcIT: one client, anybody may sign in, access
 * tokens that last two seconds, and a new refresh token at each use.
 *
 *     node provider.mjs PORT CLIENT SECRET REDIRECT-URI AFTER-LOGOUT
 */
import Provider from 'oidc-provider';

const [port, client, secret, redirectUri, afterLogout] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [afterLogout],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  claims: { openid: ['sub'], email: ['email'] },
  // As the standard has it: claims of scopes are told by userinfo, not by the ID token.
  conformIdTokenClaims: true,
  features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_context, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@example.com` }),
  }),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  ttl: {
    AccessToken: 2,
    IdToken: 60,
    RefreshToken: 600,
    Grant: 600,
    Session: 600,
    Interaction: 60,
  },
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
