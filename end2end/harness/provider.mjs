// An OpenID provider that is none of ours (npm oidc-provider): the platform must sign people in with it
// exactly as with the embedded one (R1).
import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { freePort } from './server.mjs';

const CLIENT = 'platform';

/**
 * Knows `people` ({ name, mobile, idNumber }, as `person()` makes them), who sign in by name.
 * `env` configures a server for it; give the server the same `port`.
 */
export async function startProvider({ people, port }) {
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const secret = randomBytes(24).toString('base64url');
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: secret,
        redirect_uris: [`http://127.0.0.1:${port}/auth/callback`],
        post_logout_redirect_uris: [`http://127.0.0.1:${port}/`],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'id_kind', 'id_number'], phone: ['phone_number'] },
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    // Its own two little pages: a name and any password, then 【Continue】.
    features: { devInteractions: { enabled: true } },
    async findAccount(_context, id) {
      const found = people.find((person) => person.name === id);
      if (!found) return undefined;
      return {
        accountId: id,
        claims: async () => ({
          sub: `independent-${found.idNumber.slice(-4)}`,
          name: found.name,
          phone_number: found.mobile,
          id_kind: 'resident_id',
          id_number: found.idNumber,
        }),
      };
    },
  });
  const web = createServer(provider.callback()).listen(Number(new URL(issuer).port), '127.0.0.1');
  await once(web, 'listening');
  return {
    issuer,
    env: { BEIAN_OIDC_ISSUER: issuer, BEIAN_OIDC_CLIENT_ID: CLIENT, BEIAN_OIDC_CLIENT_SECRET: secret },
    async stop() {
      web.closeAllConnections();
      web.close();
      await once(web, 'close');
    },
  };
}

/** Walks through its pages. */
export async function signInAtProvider(page, name) {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
