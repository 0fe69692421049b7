/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Generated files are where injected bytes turn into meaning: CRI-O wrote
 * HOME into a passwd line (CVE-2022-4318, again CVE-2026-15809). Here every
 * word is parsed into what it must be and printed from that, at the place
 * where it is written, so that each file has exactly the lines it was made to
 * have.
 */
#include "engine/hosts.h"

#include "sys/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RESOLV_CONF_MAX (64U << 10)
#define HOST_FILE_MAX (1U << 20)
#define NAMESERVERS_MAX 16

bool host_name_is_valid(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len == 0 || len > max || *s == '-' || *s == '.')
		return false;
	for (; *s; s++) {
		bool ok = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
			  *s == '-' || *s == '_' || *s == '.';

		if (!ok)
			return false;
	}
	return true;
}

void hosts_hostname(const struct container_options *o, const char *id, char ret[static HOSTNAME_LEN_MAX + 1])
{
	ret[0] = '\0';
	if (o->hostname && *o->hostname)
		snprintf(ret, HOSTNAME_LEN_MAX + 1, "%s", o->hostname);
	else if (!o->uts || strcmp(o->uts, "host") != 0)
		snprintf(ret, HOSTNAME_LEN_MAX + 1, "%.12s", id);
}

/* The address in its one canonical spelling; IPv6 may have brackets. */
static bool address(const char *text, size_t len, char out[static INET6_ADDRSTRLEN], bool *is_loopback)
{
	struct in6_addr six;
	struct in_addr four;
	char copy[64];

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &four) == 1) {
		*is_loopback = (ntohl(four.s_addr) >> 24) == 127;
		return inet_ntop(AF_INET, &four, out, INET6_ADDRSTRLEN);
	}
	if (inet_pton(AF_INET6, copy, &six) == 1) {
		*is_loopback = IN6_IS_ADDR_LOOPBACK(&six);
		return inet_ntop(AF_INET6, &six, out, INET6_ADDRSTRLEN);
	}
	return false;
}

/* --add-host NAME[;NAME…]:ADDRESS, added to `out` when it is not NULL. */
static int add_host(const char *text, struct buf *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	char ip[INET6_ADDRSTRLEN];
	_cleanup_free_ char *names = NULL;
	char *save = NULL;
	bool loopback;

	if (!colon || colon == text)
		return err_set(e, EINVAL, "--add-host %s: not NAME:ADDRESS", text);
	if (strcmp(colon + 1, "host-gateway") == 0)
		return err_set(e, ENOTSUP, "--add-host %s: the host is not reachable from the container's network", text);
	if (!address(colon + 1, strlen(colon + 1), ip, &loopback))
		return err_set(e, EINVAL, "--add-host %s: not an IP address", text);
	names = strndup(text, (size_t)(colon - text));
	if (!names)
		return err_errno(e, ENOMEM, "--add-host");
	if (out)
		buf_addf(out, "%s\t", ip);
	for (char *n = strtok_r(names, ";", &save), *first = n; n; n = strtok_r(NULL, ";", &save)) {
		if (!host_name_is_valid(n, HOST_NAME_LEN_MAX))
			return err_set(e, EINVAL, "--add-host %s: not a host name", text);
		if (out)
			buf_addf(out, "%s%s", n == first ? "" : " ", n);
	}
	if (out)
		buf_addc(out, '\n');
	return 0;
}

/* A resolver option: printable, without blanks, '#' and ';'. */
static bool is_resolver_word(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f || s[i] == '#' || s[i] == ';')
			return false;
	return len > 0 && len <= 255;
}

static int check_dns(const struct container_options *o, struct err *e)
{
	char ip[INET6_ADDRSTRLEN];
	bool loopback;

	for (size_t i = 0; i < o->dns.n; i++) {
		const char *s = o->dns.items[i];

		if (strcmp(s, "none") == 0 && o->dns.n > 1)
			return err_set(e, EINVAL, "--dns none: excludes other servers");
		if (strcmp(s, "none") != 0 && !address(s, strlen(s), ip, &loopback))
			return err_set(e, EINVAL, "--dns %s: not an IP address", s);
	}
	for (size_t i = 0; i < o->dns_search.n; i++)
		if (strcmp(o->dns_search.items[i], ".") != 0 && !host_name_is_valid(o->dns_search.items[i], HOST_NAME_LEN_MAX))
			return err_set(e, EINVAL, "--dns-search %s: not a domain", o->dns_search.items[i]);
	for (size_t i = 0; i < o->dns_option.n; i++)
		if (!is_resolver_word(o->dns_option.items[i], strlen(o->dns_option.items[i])))
			return err_set(e, EINVAL, "--dns-option %s: not a resolver option", o->dns_option.items[i]);
	return 0;
}

int hosts_check(const struct container_options *o, struct err *e)
{
	if (o->hostname && *o->hostname && !host_name_is_valid(o->hostname, HOSTNAME_LEN_MAX))
		return err_set(e, EINVAL, "--hostname %s: not a host name of at most %d letters, digits, '-', '_' and '.'",
			       o->hostname, HOSTNAME_LEN_MAX);
	if (o->no_hosts && o->add_host.n > 0)
		return err_set(e, EINVAL, "--no-hosts and --add-host exclude each other");
	if (o->no_hosts && o->hosts_file)
		return err_set(e, EINVAL, "--no-hosts and --hosts-file exclude each other");
	if (o->hosts_file && o->hosts_file[0] != '/' && strcmp(o->hosts_file, "none") != 0)
		return err_set(e, EINVAL, "--hosts-file %s: an absolute path, or none; --no-hosts leaves the image's alone", o->hosts_file);
	for (size_t i = 0; i < o->add_host.n; i++) {
		int r = add_host(o->add_host.items[i], NULL, e);

		if (r < 0)
			return r;
	}
	return check_dns(o, e);
}

/* A file of the host that may be missing; cut off nowhere: too large is an error. */
static int read_host_file(const char *path, size_t max, struct buf *out, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	r = fd_read_all(fd, max, out);
	return r < 0 ? err_errno(e, -r, "%s", path) : 0;
}

/* --hosts-file: one that was asked for must be there. */
static int read_base(const char *path, struct buf *out, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (strcmp(path, "none") == 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_errno(e, errno, "--hosts-file %s", path);
	r = fd_read_all(fd, HOST_FILE_MAX, out);
	return r < 0 ? err_errno(e, -r, "--hosts-file %s", path) : 0;
}

static bool uses_host_network(const struct container_options *o)
{
	return o->network.n > 0 && strcmp(o->network.items[o->network.n - 1], "host") == 0;
}

void hosts_bridge_done(struct hosts_bridge *b)
{
	strv_done(&b->addresses);
	strv_done(&b->names);
	strv_done(&b->servers);
}

/* Its addresses, all with the same names. */
static void add_own(const struct hosts_bridge *b, const char *hostname, struct buf *out)
{
	for (size_t i = 0; i < b->addresses.n; i++) {
		buf_addf(out, "%s\t%s", b->addresses.items[i], hostname);
		for (size_t k = 0; k < b->names.n; k++)
			if (strcmp(b->names.items[k], hostname) != 0)
				buf_addf(out, "%s%s", hostname[0] || k ? " " : "", b->names.items[k]);
		buf_addc(out, '\n');
	}
}

int hosts_make(const struct container_options *o, const char *hostname, const struct hosts_bridge *bridge, struct buf *out, struct err *e)
{
	_cleanup_(buf_done) struct buf host = BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < o->add_host.n; i++) {
		r = add_host(o->add_host.items[i], out, e);
		if (r < 0)
			return r;
	}
	/* with the host's network the host's names are right; its file is root's, not the user's or the image's */
	if (o->hosts_file)
		r = read_base(o->hosts_file, &host, e);
	else if (uses_host_network(o))
		r = read_host_file("/etc/hosts", HOST_FILE_MAX, &host, e);
	if (r < 0)
		return r;
	if (host.len > 0) {
		buf_add(out, host.data, host.len);
		if (host.data[host.len - 1] != '\n')
			buf_addc(out, '\n');
	} else if (!o->hosts_file) {
		buf_adds(out, "127.0.0.1\tlocalhost\n"
			      "::1\tlocalhost ip6-localhost ip6-loopback\n"
			      "ff02::1\tip6-allnodes\n"
			      "ff02::2\tip6-allrouters\n");
	}
	if (bridge && bridge->addresses.n > 0)
		add_own(bridge, hostname, out);
	else if (hostname[0])
		buf_addf(out, "127.0.1.1\t%s\n", hostname);
	return buf_bad(out) ? err_errno(e, buf_bad(out), "hosts") : 0;
}

int hosts_read_resolv_conf(struct buf *out, struct err *e)
{
	static const char stub[] = "127.0.0.53";
	int r = read_host_file("/etc/resolv.conf", RESOLV_CONF_MAX, out, e);

	if (r == 0 && strstr(buf_str(out), stub)) {
		_cleanup_(buf_done) struct buf real = BUF_INIT;

		/* where systemd-resolved keeps the servers behind its stub (systemd-resolved.service(8)) */
		if (read_host_file("/run/systemd/resolve/resolv.conf", RESOLV_CONF_MAX, &real, NULL) == 0 && real.len > 0) {
			buf_reset(out);
			buf_add(out, real.data, real.len);
		}
	}
	return r;
}

/* What the new file will say. */
struct resolv {
	struct buf *out;
	enum network_kind kind;
	const struct hosts_bridge *bridge; /* NULL: nobody answers there but the host's resolvers */
	unsigned servers;
	bool forward, has_search;
};

/* The domain in which aardvark-dns answers comes before the host's and the user's. */
static const char *search_key(struct resolv *rc)
{
	rc->has_search = true;
	return rc->bridge ? "search dns.podman" : "search";
}

/* One server. From the user's own words (`given`) a loopback address is taken as it is. */
static void add_server(struct resolv *rc, const char *text, size_t len, bool given)
{
	char ip[INET6_ADDRSTRLEN];
	bool loopback;

	if (!address(text, len, ip, &loopback) || rc->servers >= NAMESERVERS_MAX)
		return;
	if (loopback && !given && rc->kind != NETWORK_HOST) {
		/* the host's loopback is not the container's: the helper answers instead */
		const char *inside = rc->kind == NETWORK_SLIRP ? "10.0.2.3" : HOSTS_DNS_FORWARD;

		if (rc->forward)
			return;
		rc->forward = true;
		buf_addf(rc->out, "nameserver %s\n", inside);
	} else {
		buf_addf(rc->out, "nameserver %s\n", ip);
	}
	rc->servers++;
}

/* The words of one line that are fit to be passed on. */
static void add_words(struct buf *out, const char *key, const char *words, size_t len)
{
	size_t before = out->len, done = 0;
	bool any = false;

	buf_adds(out, key);
	while (done < len) {
		size_t n = 0;

		while (done < len && (words[done] == ' ' || words[done] == '\t'))
			done++;
		while (done + n < len && words[done + n] != ' ' && words[done + n] != '\t')
			n++;
		if (is_resolver_word(words + done, n)) {
			buf_addc(out, ' ');
			buf_add(out, words + done, n);
			any = true;
		}
		done += n;
	}
	if (any)
		buf_addc(out, '\n');
	else if (!buf_bad(out))
		out->data[out->len = before] = '\0';
}

/* One line of the host's file, unless the options replace what it says. */
static void host_line(struct resolv *rc, const struct container_options *o, const char *line, size_t len)
{
	static const char blanks[] = " \t";
	size_t key = 0, value;

	while (key < len && !strchr(blanks, line[key]))
		key++;
	value = key;
	while (value < len && strchr(blanks, line[value]))
		value++;
	if (key == 10 && strncmp(line, "nameserver", 10) == 0 && (o->dns.n == 0 || rc->bridge)) {
		size_t n = 0;

		while (value + n < len && !strchr(blanks, line[value + n]))
			n++;
		if (!rc->bridge)
			add_server(rc, line + value, n, false);
	} else if (((key == 6 && strncmp(line, "search", 6) == 0) || (key == 6 && strncmp(line, "domain", 6) == 0)) &&
		   o->dns_search.n == 0) {
		add_words(rc->out, search_key(rc), line + value, len - value);
	} else if (key == 7 && strncmp(line, "options", 7) == 0 && o->dns_option.n == 0) {
		add_words(rc->out, "options", line + value, len - value);
	}
}

static void add_given(struct resolv *rc, const struct container_options *o)
{
	bool no_search = o->dns_search.n == 1 && strcmp(o->dns_search.items[0], ".") == 0;

	for (size_t i = 0; !rc->bridge && i < o->dns.n; i++)
		add_server(rc, o->dns.items[i], strlen(o->dns.items[i]), true);
	if (o->dns_search.n > 0 && !no_search) {
		buf_adds(rc->out, search_key(rc));
		for (size_t i = 0; i < o->dns_search.n; i++)
			buf_addf(rc->out, " %s", o->dns_search.items[i]);
		buf_addc(rc->out, '\n');
	}
	if (rc->bridge && !rc->has_search && !no_search)
		buf_addf(rc->out, "%s\n", search_key(rc));
	if (o->dns_option.n > 0) {
		buf_adds(rc->out, "options");
		for (size_t i = 0; i < o->dns_option.n; i++)
			buf_addf(rc->out, " %s", o->dns_option.items[i]);
		buf_addc(rc->out, '\n');
	}
}

/* aardvark-dns asks further: the host's servers, or those of --dns (bridge.c). */
static void add_bridge(struct resolv *rc)
{
	for (size_t i = 0; i < rc->bridge->servers.n && rc->servers < NAMESERVERS_MAX; i++, rc->servers++)
		buf_addf(rc->out, "nameserver %s\n", rc->bridge->servers.items[i]);
}

int hosts_resolv_conf(const struct container_options *o, enum network_kind kind, const struct hosts_bridge *bridge, const char *host_text,
		      struct buf *out, bool *ret_forward, struct err *e)
{
	struct resolv rc = {.out = out, .kind = kind, .bridge = bridge && bridge->servers.n > 0 ? bridge : NULL};

	if (rc.bridge)
		add_bridge(&rc);

	/* without a network there is nobody to ask, unless the user says whom */
	if (kind != NETWORK_NONE) {
		for (const char *p = host_text; *p;) {
			size_t len = strcspn(p, "\n");

			host_line(&rc, o, p, len);
			p += len + (p[len] == '\n');
		}
	}
	add_given(&rc, o);
	if (buf_bad(out))
		return err_errno(e, buf_bad(out), "resolv.conf");
	*ret_forward = rc.forward;
	return 0;
}
