/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A bundle, a payload's log entry, a certificate, keys: nothing that a stranger
 * makes up is of a key that he has not. The first byte says which.
 */
#include "trust/certificate.h"
#include "trust/claim.h"
#include "trust/log.h"
#include "trust/lookaside.h"
#include "trust/payload.h"
#include "trust/sign.h"
#include "trust/verify.h"
#include "trust/yaml.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* P-256, of which nobody kept the private half. */
static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAElRp6ao1WGq3s6nXRS0+8Rb7dEPWA\n"
			  "Xfxv0itxWPFCTIzaqdHhB+maBumubTpLJqBgYZjWXP4J39iJyCbW3bZPMw==\n"
			  "-----END PUBLIC KEY-----\n";

static void bundle(const char *text, size_t len)
{
	struct trust_verifier v = {0};
	struct trust_claim claim;

	if (trust_key_parse(key, sizeof(key) - 1, &v.keys.items[0], NULL) < 0)
		__builtin_trap();
	v.keys.n = 1;
	if (trust_verify_bundle(&v, text, len, &claim, NULL) == 0)
		__builtin_trap();
	trust_verifier_done(&v);
}

static void log_entry(const char *text, size_t len)
{
	struct trust_log_entry entry = {0};
	struct json_object *o = NULL;

	(void)!trust_log_from_annotation(text, len, &entry, NULL);
	trust_log_entry_done(&entry);
	if (json_parse(text, len, "entry", &o, NULL) == 0)
		(void)!trust_log_from_bundle(o, &entry, NULL);
	trust_log_entry_done(&entry);
	json_object_put(o);
}

static void certificate(const char *text, size_t len)
{
	struct trust_authority a = {.anchors = sk_X509_new_null(), .issuer = "i", .subject = "s"};
	X509 *x = NULL;

	if (trust_certificate_parse(text, len, &x, NULL) == 0 && trust_certificate_check(&a, x, NULL, 1, NULL) == 0)
		__builtin_trap();
	X509_free(x);
	trust_authority_done(&a);
}

static void keys(const char *text, size_t len)
{
	const struct buf b = {.data = (char *)(uintptr_t)text, .len = len};
	EVP_PKEY *k = NULL;

	(void)!trust_key_parse(text, len, &k, NULL);
	EVP_PKEY_free(k);
	k = NULL;
	(void)!trust_private_key_parse(&b, NULL, &k, NULL);
	EVP_PKEY_free(k);
}

static void payload(const char *text, size_t len)
{
	struct trust_payload p;

	if (trust_payload_parse(text, len, TRUST_PAYLOAD_COSIGN, &p, NULL) == 0 && (!p.name[0] || !digest_is_set(&p.digest)))
		__builtin_trap();
}

/* As a file of registries.d. */
static void yaml(const char *text, size_t len)
{
	_cleanup_json_ struct json_object *o = NULL, *all = json_object_new_object();
	_cleanup_(trust_lookaside_done) struct trust_lookaside where = {0};
	struct reference ref;

	if (reference_parse("a.example/ns/x:1", &ref, NULL) < 0)
		__builtin_trap();
	if (trust_yaml_parse(text, len, &o, NULL) == 0 && trust_lookaside_merge(all, o, "x.yaml", NULL) == 0 &&
	    trust_lookaside_pick(all, &ref, &where, NULL) < 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const doors[])(const char *text, size_t len) = {bundle, log_entry, certificate, keys, payload, yaml};

	if (size > 1)
		doors[data[0] % 6]((const char *)data + 1, size - 1);
	return 0;
}
