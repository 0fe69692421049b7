/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * reference - what a user types for an image: [DOMAIN[:PORT]/]PATH[:TAG][@DIGEST].
 *
 *	struct reference ref;
 *	char text[REFERENCE_TEXT_SIZE];
 *	r = reference_parse("localhost:5000/debian", &ref, e);
 *	reference_set_default_tag(&ref);
 *	reference_text(&ref, text);		// "localhost:5000/debian:latest"
 *
 * Source: distribution/reference (the grammar that docker, podman and the
 * registries share) and distribution-spec, "Pulling manifests". The first
 * part is a domain when it holds a dot, a colon or an upper-case letter, or
 * is "localhost"; otherwise the name is short, and where it comes from is
 * image/store's (here) or image/registries' (elsewhere) to say.
 *
 * What was parsed holds no control byte, blank, "..", leading '-' or empty
 * part, and may be put into a URL path, a log line or an argument as it is.
 */
#ifndef RANBY_OCI_REFERENCE_H
#define RANBY_OCI_REFERENCE_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/digest.h"

#include <stdbool.h>

#define REFERENCE_NAME_MAX 255 /* domain, '/' and path */
#define REFERENCE_TAG_MAX 128
#define REFERENCE_TEXT_SIZE (2 * (REFERENCE_NAME_MAX + 1) + REFERENCE_TAG_MAX + 1 + DIGEST_TEXT_SIZE + 1)

struct reference {
	char domain[REFERENCE_NAME_MAX + 1]; /* with the port; "": a short name */
	char path[REFERENCE_NAME_MAX + 1];   /* "library/debian" */
	char tag[REFERENCE_TAG_MAX + 1];     /* "": none given */
	struct digest digest;                /* not set: none given */
};

/* -EINVAL with the reason. docker.io's old names are made one: "docker.io/debian" is "docker.io/library/debian". */
int reference_parse(const char *text, struct reference *ret, struct err *e) _must_check_;

/* "latest" when there is neither tag nor digest. */
void reference_set_default_tag(struct reference *ref);

/* Gives a short name its domain. -ENAMETOOLONG. */
int reference_set_domain(struct reference *ref, const char *domain, struct err *e) _must_check_;

/* The whole, in one form: equal references are equal texts. */
void reference_text(const struct reference *ref, char ret[static REFERENCE_TEXT_SIZE]);

/* Domain and path alone. */
void reference_repository(const struct reference *ref, char ret[static REFERENCE_TEXT_SIZE]);

/*
 * True when the path of `full` is `short_path` or ends in "/" and it:
 * "debian" is meant by "localhost:5000/debian" and "docker.io/library/debian".
 */
bool reference_path_matches(const struct reference *full, const char *short_path);

/* True for a domain on this host's loopback: localhost, 127.0.0.0/8, [::1], with or without a port. */
bool reference_domain_is_loopback(const char *domain);

#endif
