<?php
// Verifies a webhook: Standard Webhooks, scheme v1. PHP 8 or later, no extension.

const TOLERANCE = 300; // seconds, both ways

/** Tells whether one of the secrets has signed this body, which is the raw bytes as they came. */
function verify(array $secrets, array $headers, string $body, ?int $now = null): bool
{
    $given = array_change_key_case($headers, CASE_LOWER);
    $message = $given['webhook-id'] ?? '';
    $timestamp = $given['webhook-timestamp'] ?? '';
    if (!preg_match('/\A[A-Za-z0-9_-]+\z/', $message) || !preg_match('/\A[0-9]{1,12}\z/', $timestamp)) {
        return false;
    }
    if (abs(($now ?? time()) - (int) $timestamp) > TOLERANCE) {
        return false;
    }
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/\Awhsec_/', '', $secret));
        $mine = 'v1,' . base64_encode(hash_hmac('sha256', "$message.$timestamp.$body", $key, true));
        foreach (explode(' ', $given['webhook-signature'] ?? '') as $one) { // several while a secret is rotated
            if (hash_equals($mine, $one)) { // takes as long wherever they differ
                return true;
            }
        }
    }
    return false;
}
