/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The interface is the kernel's: proc_pid_attr(5) for a process, the attribute
 * "security.selinux" for an inode, selinuxfs's file "context", to which a
 * context is written to learn whether the policy has it. It is open to all.
 *
 * /proc and /sys are opened by name, so this is for the host's side only; what
 * is written inside a container goes by lsm.h.
 */
#include "sys/lsm_selinux.h"

#include "base/buf.h"
#include "base/parse.h"
#include "sys/fd.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define CONFIG_MAX 65536
#define ATTRIBUTE "security.selinux"

/* ---- contexts ---- */

/* Letters of an identifier of the policy, or of a range. */
static bool is_part(const char *s, size_t len, const char *more)
{
	if (len == 0 || len >= SELINUX_PART_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isascii(s[i]) || (!isalnum((unsigned char)s[i]) && !strchr(more, s[i])))
			return false;
	return true;
}

int selinux_context_parse(const char *text, struct selinux_context *ret)
{
	struct selinux_context c = {0};
	char *parts[] = {c.user, c.role, c.type};
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		len = strcspn(text, ":");
		if (!is_part(text, len, "_.-") || (text[len] == '\0' && i < 2))
			return -EINVAL;
		memcpy(parts[i], text, len);
		text += len + (text[len] == ':');
	}
	len = strlen(text);
	if (len > 0 || text[-1] == ':') {
		if (!is_part(text, len, ":.,-_"))
			return -EINVAL;
		memcpy(c.range, text, len);
	}
	*ret = c;
	return 0;
}

void selinux_context_text(const struct selinux_context *c, char out[static SELINUX_CONTEXT_SIZE])
{
	snprintf(out, SELINUX_CONTEXT_SIZE, "%s:%s:%s%s%s", c->user, c->role, c->type, *c->range ? ":" : "", c->range);
}

/* Without the final NUL and newline that the kernel may add. */
static int read_short(const char *path, char *out, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	if (n < 0)
		return -errno;
	while (n > 0 && (out[n - 1] == '\0' || out[n - 1] == '\n'))
		n--;
	out[n] = '\0';
	return 0;
}

static int write_whole(const char *path, const char *text, size_t len)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	return n < 0 ? -errno : 0;
}

static int own_attribute(const char *path, char out[static SELINUX_CONTEXT_SIZE])
{
	struct selinux_context c;
	int r = read_short(path, out, SELINUX_CONTEXT_SIZE);

	/* another module's label has no roles; without any module the file cannot be read */
	if (r == -EINVAL || (r == 0 && selinux_context_parse(out, &c) < 0))
		return -ENOENT;
	return r;
}

int selinux_current(char out[static SELINUX_CONTEXT_SIZE])
{
	return own_attribute("/proc/self/attr/current", out);
}

int selinux_previous(char out[static SELINUX_CONTEXT_SIZE])
{
	return own_attribute("/proc/self/attr/prev", out);
}

int selinux_context_check(const char *context)
{
	return write_whole(SELINUXFS "/context", context, strlen(context) + 1);
}

static int read_number(const char *path, uint32_t *ret)
{
	char text[16];
	int r = read_short(path, text, sizeof(text));

	return r < 0 ? r : parse_u32(text, 0, UINT32_MAX, ret);
}

/* A transaction: what two contexts may do with each other in a class, as bits of which the first word has those allowed. */
int selinux_may_transition(const char *from, const char *to)
{
	_cleanup_close_ int fd = -EBADF;
	char text[2 * SELINUX_CONTEXT_SIZE + 32];
	uint32_t class, bit, allowed;
	ssize_t n;
	int r = read_number(SELINUXFS "/class/process/index", &class);

	if (r == 0)
		r = read_number(SELINUXFS "/class/process/perms/transition", &bit);
	if (r < 0)
		return r;
	fd = open(SELINUXFS "/access", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%s %s %u", from, to, class);
	if (write(fd, text, (size_t)n) != n || (n = read(fd, text, sizeof(text) - 1)) < 0)
		return -errno;
	text[n] = '\0';
	if (bit < 1 || bit > 32 || sscanf(text, "%x", &allowed) != 1)
		return -EPROTO;
	return (int)(allowed >> (bit - 1) & 1);
}

/* ---- levels ---- */

bool selinux_has_category(const struct selinux_categories *s, unsigned n)
{
	return n < SELINUX_CATEGORIES && (s->bits[n / 64] >> (n % 64) & 1);
}

unsigned selinux_count_categories(const struct selinux_categories *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(s->bits); i++)
		n += (unsigned)__builtin_popcountll(s->bits[i]);
	return n;
}

/* "c12", of `len` bytes. */
static int category(const char *s, size_t len, uint32_t *ret)
{
	char digits[8];

	if (len < 2 || len > sizeof(digits) || s[0] != 'c')
		return -EINVAL;
	memcpy(digits, s + 1, len - 1);
	digits[len - 1] = '\0';
	return parse_u32(digits, 0, SELINUX_CATEGORIES - 1, ret);
}

/* "c0.c5,c9" */
static int categories(const char *s, struct selinux_categories *ret)
{
	for (;;) {
		size_t len = strcspn(s, ","), first = strcspn(s, ".,");
		uint32_t from, to;
		int r = category(s, first, &from);

		if (r == 0)
			r = first < len ? category(s + first + 1, len - first - 1, &to) : 0;
		if (r < 0)
			return r;
		if (first == len)
			to = from;
		for (uint32_t n = from; n <= to; n++)
			ret->bits[n / 64] |= 1ULL << (n % 64);
		if (to < from)
			return -EINVAL;
		if (!s[len])
			return 0;
		s += len + 1;
	}
}

int selinux_high_level(const char *range, char ret_sensitivity[static 16], struct selinux_categories *ret)
{
	const char *dash = strchr(range, '-'), *high = dash ? dash + 1 : range;
	struct selinux_categories c = {0};
	size_t len = strcspn(high, ":");
	int r = 0;

	if (len < 2 || len >= 16 || high[0] != 's')
		return -EINVAL;
	if (high[len] == ':')
		r = categories(high + len + 1, &c);
	if (r < 0)
		return -EINVAL;
	memcpy(ret_sensitivity, high, len);
	ret_sensitivity[len] = '\0';
	*ret = c;
	return 0;
}

/* ---- labels ---- */

int selinux_label_fd(int fd, const char *context)
{
	return fsetxattr(fd, ATTRIBUTE, context, strlen(context) + 1, 0) < 0 ? -errno : 0;
}

int selinux_fd_label(int fd, char out[static SELINUX_CONTEXT_SIZE])
{
	ssize_t n = fgetxattr(fd, ATTRIBUTE, out, SELINUX_CONTEXT_SIZE - 1);

	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

int selinux_set_socket_label(const char *context)
{
	const char *text = context ? context : "\n";

	return write_whole("/proc/self/attr/sockcreate", text, strlen(text));
}

/* ---- what the policy has for containers ---- */

/* KEY = "VALUE" or KEY=VALUE at the beginning of a line; false: not there. */
static bool find_value(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + strspn(line, " \t");
		size_t n;

		if (strncmp(p, key, len) != 0)
			continue;
		p += len;
		p += strspn(p, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t\"");
		n = strcspn(p, " \t\"\r\n");
		if (n == 0 || n >= size)
			return false;
		memcpy(out, p, n);
		out[n] = '\0';
		return true;
	}
	return false;
}

int selinux_container_contexts_parse(const char *text, struct selinux_container_contexts *ret)
{
	char process[SELINUX_CONTEXT_SIZE], file[SELINUX_CONTEXT_SIZE], read_only[SELINUX_CONTEXT_SIZE];
	struct selinux_container_contexts c;

	if (!find_value(text, "process", process, sizeof(process)) || !find_value(text, "file", file, sizeof(file)))
		return -ENOENT;
	if (!find_value(text, "ro_file", read_only, sizeof(read_only)))
		memcpy(read_only, file, sizeof(read_only));
	if (selinux_context_parse(read_only, &c.read_only) < 0 || selinux_context_parse(process, &c.process) < 0 || selinux_context_parse(file, &c.file) < 0)
		return -EINVAL;
	*ret = c;
	return 0;
}

static int read_text(const char *path, struct buf *b)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_read_all(fd, CONFIG_MAX, b);
}

int selinux_container_contexts(struct selinux_container_contexts *ret)
{
	_cleanup_(buf_done) struct buf config = BUF_INIT, contexts = BUF_INIT;
	char type[64], path[128];
	int r = read_text("/etc/selinux/config", &config);

	if (r < 0)
		return r;
	if (!find_value(buf_str(&config), "SELINUXTYPE", type, sizeof(type)) || strchr(type, '/') || type[0] == '.')
		return -ENOENT;
	snprintf(path, sizeof(path), "/etc/selinux/%s/contexts/lxc_contexts", type);
	r = read_text(path, &contexts);
	return r < 0 ? r : selinux_container_contexts_parse(buf_str(&contexts), ret);
}
