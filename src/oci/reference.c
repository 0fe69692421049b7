/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A hand-written reader of the grammar, one function per rule of it; regular
 * expressions of the C library depend on the locale, which a name must not.
 * Cutting from the right (digest, then tag) is what makes "host:5000/x" a
 * port and "x:5000" a tag.
 */
#include "oci/reference.h"

#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || is_upper(c);
}

/* Length of a separator inside a path component: ".", "_", "__" or any number of "-". 0: none. */
static size_t separator_span(const char *s)
{
	size_t n = 0;

	if (s[0] == '.')
		return 1;
	if (s[0] == '_')
		return s[1] == '_' ? 2 : 1;
	while (s[n] == '-')
		n++;
	return n;
}

/* alphanumeric (separator alphanumeric)* with nothing left of `len`. */
static bool is_path_component(const char *s, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t start = i, sep;

		while (i < len && is_lower_alnum(s[i]))
			i++;
		if (i == start)
			return false;
		if (i == len)
			return true;
		sep = separator_span(s + i);
		if (sep == 0)
			return false;
		i += sep;
		if (i >= len)
			return false;
	}
}

static bool is_path(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, "/");

		if (!is_path_component(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

static bool is_domain_component(const char *s, size_t len)
{
	if (len == 0 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_host_name(const char *s, size_t len)
{
	for (size_t at = 0; at <= len;) {
		size_t part = 0;

		while (at + part < len && s[at + part] != '.')
			part++;
		if (!is_domain_component(s + at, part))
			return false;
		at += part + 1;
	}
	return true;
}

/* "[" hex digits and colons "]" */
static bool is_ipv6(const char *s, size_t len)
{
	if (len < 4 || s[0] != '[' || s[len - 1] != ']')
		return false;
	return strspn(s + 1, "0123456789abcdefABCDEF:") == len - 2;
}

/* The length of the host in "host[:port]". */
static size_t host_span(const char *domain)
{
	const char *colon;

	if (domain[0] == '[')
		return strcspn(domain, "]") + (strchr(domain, ']') ? 1 : 0);
	colon = strchr(domain, ':');
	return colon ? (size_t)(colon - domain) : strlen(domain);
}

static bool is_domain(const char *s)
{
	size_t host = host_span(s);
	uint32_t port;

	if (!is_host_name(s, host) && !is_ipv6(s, host))
		return false;
	if (s[host] == '\0')
		return true;
	return s[host] == ':' && parse_u32(s + host + 1, 1, 65535, &port) == 0;
}

static bool is_tag(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > REFERENCE_TAG_MAX || (!is_alnum(s[0]) && s[0] != '_'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(s[i]) && !strchr("_.-", s[i]))
			return false;
	return true;
}

/* Whether the first part of a name, `len` bytes, is a domain and not a path component. */
static bool looks_like_domain(const char *s, size_t len)
{
	if (len == strlen("localhost") && memcmp(s, "localhost", len) == 0)
		return true;
	for (size_t i = 0; i < len; i++)
		if (strchr(".:[", s[i]) || is_upper(s[i]))
			return true;
	return false;
}

/*
 * Hosts have no case, so that no spelling of one gets by what was said of it.
 * A word that is a host by its capitals alone ("HOST/x") keeps them: without
 * them it would be a part of the path.
 */
static void lower_domain(char *domain)
{
	char lower[REFERENCE_NAME_MAX + 1];
	size_t len = strlen(domain);

	for (size_t i = 0; i <= len; i++)
		lower[i] = is_upper(domain[i]) ? (char)(domain[i] - 'A' + 'a') : domain[i];
	if (looks_like_domain(lower, len))
		memcpy(domain, lower, len + 1);
}

/* docker.io under its older names, and with the "library/" that its short paths mean. */
static int normalize_docker_io(struct reference *ref, struct err *e)
{
	char path[REFERENCE_NAME_MAX + 1];

	if (strcmp(ref->domain, "index.docker.io") == 0)
		snprintf(ref->domain, sizeof(ref->domain), "docker.io");
	if (strcmp(ref->domain, "docker.io") != 0 || strchr(ref->path, '/'))
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "library/%s", ref->path) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "name longer than %d bytes", REFERENCE_NAME_MAX);
	memcpy(ref->path, path, sizeof(path));
	return 0;
}

/* Splits and checks the name, which holds neither tag nor digest any more. */
static int parse_name(const char *name, struct reference *ref, struct err *e)
{
	size_t len = strlen(name), first = strcspn(name, "/");
	const char *path = name;

	if (len > REFERENCE_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "name longer than %d bytes", REFERENCE_NAME_MAX);
	if (name[first] == '/' && looks_like_domain(name, first)) {
		memcpy(ref->domain, name, first);
		ref->domain[first] = '\0';
		if (!is_domain(ref->domain))
			return err_set(e, EINVAL, "bad registry name");
		lower_domain(ref->domain);
		path = name + first + 1;
	}
	if (*path == '\0')
		return err_set(e, EINVAL, "no repository name");
	memcpy(ref->path, path, strlen(path) + 1);
	for (const char *c = path; *c; c++)
		if (is_upper(*c))
			return err_set(e, EINVAL, "repository name must be lowercase");
	if (!is_path(path))
		return err_set(e, EINVAL, "bad repository name");
	if (digest_is_hex(name))
		return err_set(e, EINVAL, "64 hex digits are an image id, not a name");
	return normalize_docker_io(ref, e);
}

static int parse_parts(char *text, struct reference *ref, struct err *e)
{
	char *at = strchr(text, '@'), *colon, *slash;
	int r;

	if (at) {
		*at = '\0';
		r = digest_parse(at + 1, &ref->digest, e);
		if (r < 0)
			return r;
	}
	slash = strrchr(text, '/');
	colon = strrchr(text, ':');
	if (colon && (!slash || colon > slash)) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return err_set(e, EINVAL, "bad tag");
		memcpy(ref->tag, colon + 1, strlen(colon + 1) + 1);
	}
	return parse_name(text, ref, e);
}

int reference_parse(const char *text, struct reference *ret, struct err *e)
{
	struct reference ref = {0};
	char copy[REFERENCE_TEXT_SIZE];
	size_t len = strlen(text);
	int r;

	if (len == 0)
		return err_set(e, EINVAL, "image name is empty");
	if (len >= sizeof(copy))
		return err_set(e, EINVAL, "image name longer than %d bytes", REFERENCE_NAME_MAX);
	memcpy(copy, text, len + 1);
	r = parse_parts(copy, &ref, e);
	if (r < 0)
		return err_wrap(e, r, "image name \"%s\"", text);
	*ret = ref;
	return 0;
}

void reference_set_default_tag(struct reference *ref)
{
	if (ref->tag[0] == '\0' && !digest_is_set(&ref->digest))
		memcpy(ref->tag, "latest", sizeof("latest"));
}

int reference_set_domain(struct reference *ref, const char *domain, struct err *e)
{
	size_t len = strlen(domain);

	if (!is_domain(domain))
		return err_set(e, EINVAL, "bad registry name \"%s\"", domain);
	if (len + 1 + strlen(ref->path) > REFERENCE_NAME_MAX)
		return err_set(e, ENAMETOOLONG, "name longer than %d bytes", REFERENCE_NAME_MAX);
	memcpy(ref->domain, domain, len + 1);
	lower_domain(ref->domain);
	return normalize_docker_io(ref, e);
}

void reference_repository(const struct reference *ref, char ret[static REFERENCE_TEXT_SIZE])
{
	snprintf(ret, REFERENCE_TEXT_SIZE, "%s%s%s", ref->domain, ref->domain[0] ? "/" : "", ref->path);
}

void reference_text(const struct reference *ref, char ret[static REFERENCE_TEXT_SIZE])
{
	snprintf(ret, REFERENCE_TEXT_SIZE, "%s%s%s%s%s%s%s", ref->domain, ref->domain[0] ? "/" : "", ref->path,
		 ref->tag[0] ? ":" : "", ref->tag, digest_is_set(&ref->digest) ? "@" : "", ref->digest.text);
}

bool reference_path_matches(const struct reference *full, const char *short_path)
{
	size_t have = strlen(full->path), want = strlen(short_path);

	if (want == 0 || want > have || memcmp(full->path + have - want, short_path, want) != 0)
		return false;
	return want == have || full->path[have - want - 1] == '/';
}

/* Four decimal numbers, the first of them 127. */
static bool is_loopback_v4(const char *host, size_t len)
{
	char copy[16], *part = copy;
	uint32_t n;

	if (len >= sizeof(copy) || strncmp(host, "127.", 4) != 0)
		return false;
	memcpy(copy, host, len);
	copy[len] = '\0';
	for (int i = 0; i < 4; i++) {
		char *dot = strchr(part, '.');

		if ((i < 3) != (dot != NULL))
			return false;
		if (dot)
			*dot = '\0';
		if (parse_u32(part, 0, 255, &n) < 0)
			return false;
		part = dot ? dot + 1 : part;
	}
	return true;
}

bool reference_domain_is_loopback(const char *domain)
{
	size_t host = host_span(domain);

	if (host == strlen("localhost") && memcmp(domain, "localhost", host) == 0)
		return true;
	if (host == strlen("[::1]") && memcmp(domain, "[::1]", host) == 0)
		return true;
	return is_loopback_v4(domain, host);
}
