// Verifies a webhook: Standard Webhooks, scheme v1. Node 18 or later, nothing to install.
import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE = 300; // seconds, both ways

// Tells whether one of the secrets has signed this body, which is a Buffer of the raw bytes as they came.
export function verify(secrets, headers, body, now = Date.now() / 1000) {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  const message = given["webhook-id"] ?? "", timestamp = given["webhook-timestamp"] ?? "";
  if (!/^[A-Za-z0-9_-]+$/.test(message) || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp)) > TOLERANCE) return false;
  const content = Buffer.concat([Buffer.from(`${message}.${timestamp}.`), body]);
  const signatures = (given["webhook-signature"] ?? "").split(" "); // several while a secret is rotated
  return secrets.some((secret) => signatures.some((one) => same(sign(secret, content), one)));
}

function sign(secret, content) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return "v1," + createHmac("sha256", key).update(content).digest("base64");
}

function same(mine, given) {
  const [a, b] = [Buffer.from(mine), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b); // takes as long wherever they differ
}
