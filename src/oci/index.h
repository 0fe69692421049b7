/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * index - several images under one name, and the one of a platform.
 *
 *	struct platform want;
 *	_cleanup_(index_done) struct index ix = {0};
 *	r = platform_parse("linux/arm64", &want, e);	// or platform_host(&want)
 *	r = index_parse(text, len, &ix, e);
 *	r = index_pick(&ix, &want, &d, e);
 *
 * Source: OCI image-spec image-index.md; docker's "Manifest List".
 */
#ifndef RANBY_OCI_INDEX_H
#define RANBY_OCI_INDEX_H

#include "base/err.h"
#include "base/mem.h"
#include "oci/descriptor.h"

#include <stdbool.h>
#include <stddef.h>

#define INDEX_ENTRIES_MAX 1024
#define PLATFORM_WORD_SIZE 32
#define PLATFORM_TEXT_SIZE (3 * PLATFORM_WORD_SIZE)

/* Go's names (GOOS, GOARCH, variant); "" where not said. */
struct platform {
	char os[PLATFORM_WORD_SIZE];
	char arch[PLATFORM_WORD_SIZE];
	char variant[PLATFORM_WORD_SIZE];
};

/* This machine's (uname(2)). */
void platform_host(struct platform *ret);

/* "OS[/ARCH[/VARIANT]]" or a bare architecture; what is not said is the host's. uname's words are taken too (x86_64, aarch64). -EINVAL. */
int platform_parse(const char *text, struct platform *ret, struct err *e) _must_check_;

/* "linux/arm64/v8" */
void platform_text(const struct platform *p, char ret[static PLATFORM_TEXT_SIZE]);

/*
 * How well `have` serves `want`: 0 not at all, more is better. The same
 * variant is best; arm v7 also runs v6 and v5, arm64 without a variant is v8,
 * amd64 without one is v1.
 */
unsigned platform_match(const struct platform *want, const struct platform *have);

struct index_entry {
	struct descriptor descriptor;
	struct platform platform;
	bool has_platform;
	char *ref_name; /* annotation org.opencontainers.image.ref.name, or io.containerd.image.name; NULL */
};

struct index {
	struct index_entry *entries;
	size_t n;
};

void index_done(struct index *ix);

/* Entries that are neither a manifest nor an index are left out (image-spec: "implementations MUST ignore"). -EINVAL, and the refusals of manifest.h. */
int index_parse(const char *text, size_t len, const char *content_type, struct index *ret, struct err *e) _must_check_;

/* The best entry for `want`, borrowed; the first among equals. -ENOENT, with the platforms that there are in the hint. */
int index_pick(const struct index *ix, const struct platform *want, const struct index_entry **ret, struct err *e)
	_must_check_;

#endif
