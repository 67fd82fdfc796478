// Looks for secrets in what the proxy says.
import assert from 'node:assert/strict';

/** The ways in which a secret might be shown: as it is, in base64 at any offset, percent-encoded, as JSON or hex. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // The characters that depend on the text before and after the secret are left out.
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
  const everywhere = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return [
    ...new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      everywhere,
      bytes.toString('hex'),
      ...base64,
      ...base64.map((text) => text.replaceAll('-', '+').replaceAll('_', '/')),
    ]),
  ];
}

/** Fails if a secret is in the text, in any form; says which one by its name, and quotes nothing. */
export function assertNoSecret(text: string, secrets: Record<string, string>): void {
  const lower = text.toLowerCase();
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= 8, `${name} is too short to be looked for`);
    for (const [index, form] of formsOf(secret).entries()) {
      assert.ok(!lower.includes(form.toLowerCase()), `${name} is shown, in form ${index}`);
    }
  }
}
