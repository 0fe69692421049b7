/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Picking by platform is a score, so that the rule is one function that a
 * table of cases can test. Attestations (platform unknown/unknown) score
 * nothing by themselves.
 */
#include "oci/index.h"

#include "base/buf.h"
#include "oci/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
	const char *machine, *arch, *variant;
} machines[] = {
	{"x86_64", "amd64", ""},    {"aarch64", "arm64", "v8"}, {"armv7l", "arm", "v7"},     {"armv6l", "arm", "v6"},
	{"armv5tel", "arm", "v5"},  {"armv8l", "arm", "v7"},    {"i686", "386", ""},         {"i586", "386", ""},
	{"i386", "386", ""},        {"ppc64le", "ppc64le", ""}, {"s390x", "s390x", ""},      {"riscv64", "riscv64", ""},
	{"mips64", "mips64le", ""}, {"mips", "mipsle", ""},     {"loongarch64", "loong64", ""},
};

static void set_word(char *to, const char *from)
{
	snprintf(to, PLATFORM_WORD_SIZE, "%s", from);
}

static void set_arch(struct platform *p, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].machine, word) == 0) {
			set_word(p->arch, machines[i].arch);
			set_word(p->variant, machines[i].variant);
			return;
		}
	set_word(p->arch, word);
	set_word(p->variant, strcmp(word, "arm64") == 0 ? "v8" : strcmp(word, "arm") == 0 ? "v7" : "");
}

void platform_host(struct platform *ret)
{
	struct utsname u;

	*ret = (struct platform){.os = "linux"};
	if (uname(&u) == 0)
		set_arch(ret, u.machine);
}

/* A word of a platform: [a-z0-9_.-], short enough. */
static bool is_word(const char *s, size_t len)
{
	if (len == 0 || len >= PLATFORM_WORD_SIZE)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") >= len;
}

static bool is_os(const char *word)
{
	static const char *const systems[] = {"linux", "windows", "darwin", "freebsd", "openbsd", "netbsd", "solaris", "wasip1"};

	for (size_t i = 0; i < ARRAY_SIZE(systems); i++)
		if (strcmp(systems[i], word) == 0)
			return true;
	return false;
}

int platform_parse(const char *text, struct platform *ret, struct err *e)
{
	char words[3][PLATFORM_WORD_SIZE] = {"", "", ""};
	const char *at = text;
	struct platform p;
	size_t n = 0;

	for (;; at++) {
		size_t len = strcspn(at, "/");

		if (n == ARRAY_SIZE(words) || !is_word(at, len))
			return err_set(e, EINVAL, "platform \"%s\": not of the form OS[/ARCH[/VARIANT]]", text);
		memcpy(words[n], at, len);
		words[n++][len] = '\0';
		at += len;
		if (*at == '\0')
			break;
	}
	platform_host(&p);
	if (n == 1 && !is_os(words[0])) {
		set_arch(&p, words[0]);
	} else {
		set_word(p.os, words[0]);
		if (n > 1)
			set_arch(&p, words[1]);
		if (n > 2)
			set_word(p.variant, words[2]);
	}
	*ret = p;
	return 0;
}

void platform_text(const struct platform *p, char ret[static PLATFORM_TEXT_SIZE])
{
	snprintf(ret, PLATFORM_TEXT_SIZE, "%s/%s%s%s", p->os, p->arch, p->variant[0] ? "/" : "", p->variant);
}

/* "v7" is 7, anything else 0. */
static unsigned variant_number(const char *v)
{
	if (v[0] == 'v' && v[1] >= '1' && v[1] <= '9' && v[2] == '\0')
		return (unsigned)(v[1] - '0');
	return 0;
}

static const char *variant_or_default(const struct platform *p)
{
	if (p->variant[0])
		return p->variant;
	return strcmp(p->arch, "arm64") == 0 ? "v8" : strcmp(p->arch, "arm") == 0 ? "v7" :
	       strcmp(p->arch, "amd64") == 0 ? "v1" : "";
}

unsigned platform_match(const struct platform *want, const struct platform *have)
{
	const char *w = variant_or_default(want), *h = variant_or_default(have);

	if (strcmp(want->os, have->os) != 0 || strcmp(want->arch, have->arch) != 0)
		return 0;
	if (strcmp(w, h) == 0)
		return 100;
	/* a machine runs what was built for an older one of its kind */
	if (variant_number(w) > variant_number(h) && variant_number(h) > 0)
		return 10 + variant_number(h);
	return 0;
}

void index_done(struct index *ix)
{
	for (size_t i = 0; i < ix->n; i++)
		free(ix->entries[i].ref_name);
	free(ix->entries);
	*ix = (struct index){0};
}

static int parse_platform(struct json_object *o, struct index_entry *entry, struct err *e)
{
	const char *os = "", *arch = "", *variant = "";
	int r;

	if (!json_at(o, "platform"))
		return 0;
	r = json_get_str(o, "platform.os", &os, e);
	if (r == 0)
		r = json_get_str(o, "platform.architecture", &arch, e);
	if (r == 0)
		r = json_get_str(o, "platform.variant", &variant, e);
	if (r < 0)
		return r;
	entry->has_platform = true;
	set_word(entry->platform.os, os);
	set_word(entry->platform.arch, arch);
	set_word(entry->platform.variant, variant);
	return 0;
}

static int parse_ref_name(struct json_object *o, struct index_entry *entry)
{
	static const char *const keys[] = {"io.containerd.image.name", "org.opencontainers.image.ref.name"};
	struct json_object *annotations = json_at(o, "annotations"), *v;

	if (!json_object_is_type(annotations, json_type_object))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !entry->ref_name; i++)
		if (json_object_object_get_ex(annotations, keys[i], &v) && json_object_is_type(v, json_type_string)) {
			entry->ref_name = strdup(json_object_get_string(v));
			if (!entry->ref_name)
				return -ENOMEM;
		}
	return 0;
}

static int parse_entry(struct json_object *o, struct index *ix, struct err *e)
{
	struct index_entry *entry = &ix->entries[ix->n];
	int r = descriptor_parse(o, &entry->descriptor, e);

	if (r < 0)
		return r;
	if (entry->descriptor.type && entry->descriptor.type->kind != MEDIA_MANIFEST &&
	    entry->descriptor.type->kind != MEDIA_INDEX)
		return 0;
	if (!entry->descriptor.type && json_at(o, "mediaType"))
		return 0;
	r = parse_platform(o, entry, e);
	if (r == 0 && parse_ref_name(o, entry) < 0)
		r = err_errno(e, ENOMEM, "index");
	ix->n++;
	return r;
}

int index_parse(const char *text, size_t len, const char *content_type, struct index *ret, struct err *e)
{
	_cleanup_(index_done) struct index ix = {0};
	_cleanup_json_ struct json_object *o = NULL;
	struct json_object *list = NULL;
	enum media_kind kind;
	size_t n;
	int r;

	r = manifest_kind(text, len, content_type, &kind, e);
	if (r < 0)
		return r;
	if (kind != MEDIA_INDEX)
		return err_set(e, EINVAL, "index: the manifest of one image, not an index");
	r = json_parse(text, len, "index", &o, e);
	if (r == 0)
		r = json_get_array(o, "manifests", &list, e);
	if (r < 0)
		return r;
	n = list ? json_object_array_length(list) : 0;
	if (n > INDEX_ENTRIES_MAX)
		return err_set(e, EINVAL, "index: more than %d manifests", INDEX_ENTRIES_MAX);
	ix.entries = mem_array(n, sizeof(*ix.entries));
	if (!ix.entries)
		return err_errno(e, ENOMEM, "index");
	for (size_t i = 0; i < n; i++) {
		r = parse_entry(json_object_array_get_idx(list, i), &ix, e);
		if (r < 0)
			return err_wrap(e, r, "index: manifests[%zu]", i);
	}
	*ret = ix;
	ix = (struct index){0};
	return 0;
}

static void hint_platforms(const struct index *ix, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_MAX(200);
	char text[PLATFORM_TEXT_SIZE];

	for (size_t i = 0; i < ix->n; i++) {
		if (!ix->entries[i].has_platform || strcmp(ix->entries[i].platform.os, "unknown") == 0)
			continue;
		platform_text(&ix->entries[i].platform, text);
		buf_addf(&b, "%s%s", b.len ? ", " : "", text);
	}
	if (b.len)
		err_hint(e, "it is there for: %s", buf_str(&b));
}

int index_pick(const struct index *ix, const struct platform *want, const struct index_entry **ret, struct err *e)
{
	const struct index_entry *best = NULL;
	char text[PLATFORM_TEXT_SIZE];
	unsigned score = 0;
	int r;

	for (size_t i = 0; i < ix->n; i++) {
		const struct index_entry *entry = &ix->entries[i];
		unsigned s = entry->has_platform ? platform_match(want, &entry->platform) : ix->n == 1;

		if (s > score) {
			score = s;
			best = entry;
		}
	}
	if (!best) {
		platform_text(want, text);
		r = err_set(e, ENOENT, "no image for platform %s", text);
		hint_platforms(ix, e);
		return r;
	}
	*ret = best;
	return 0;
}
