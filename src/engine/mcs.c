/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Users share no directory that both may write and trust, and there is no
 * daemon to ask. What they share is the kernel: an abstract socket has one
 * name at a time in a network namespace, whoever binds it, and the name is free when
 * its last holder has ended, however it ended. That is the claim, and it
 * excludes two starts at the same moment.
 *
 * It does not see a container whose monitor was killed, one that was started
 * in another network namespace, or another engine's. So a claim also looks at
 * the labels of all processes, which every user may read.
 *
 * What it is not: a defence against a user who binds every name (his limit of
 * descriptors ends that early) or who asks for another's level by name. Between users
 * the kernel's users separate; the pair separates containers of one user, and
 * keeps those of two apart where a file is open to both.
 */
#include "engine/mcs.h"

#include "sys/fd.h"
#include "sys/procfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME "ranby-mcs-"

void mcs_pair_text(const struct mcs_pair *p, char out[static MCS_PAIR_SIZE])
{
	snprintf(out, MCS_PAIR_SIZE, "c%u,c%u", p->a % SELINUX_CATEGORIES, p->b % SELINUX_CATEGORIES);
}

/* The n-th category that is in the set. */
static unsigned nth(const struct selinux_categories *s, unsigned n)
{
	unsigned c;

	for (c = 0; c < SELINUX_CATEGORIES; c++)
		if (selinux_has_category(s, c) && n-- == 0)
			break;
	return c;
}

int mcs_pair_of(const char *level, struct mcs_pair *ret)
{
	struct selinux_categories s;
	char sensitivity[16];
	int r = selinux_high_level(level, sensitivity, &s);

	if (r < 0)
		return r;
	if (selinux_count_categories(&s) != 2)
		return -ENOENT;
	*ret = (struct mcs_pair){nth(&s, 0), nth(&s, 1)};
	return 0;
}

/* Pairs have numbers: (0,1) 0, (0,2) 1, (1,2) 2, (0,3) 3 and so on, of places in the range. */
static struct mcs_pair numbered(const struct selinux_categories *range, unsigned number)
{
	unsigned b = 1;

	while (number >= b)
		number -= b++;
	return (struct mcs_pair){nth(range, number), nth(range, b)};
}

static int random_below(unsigned n, unsigned *ret)
{
	uint32_t v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		return -errno;
	*ret = v % n;
	return 0;
}

static int pick_number(const struct selinux_categories *range, unsigned *ret_number, unsigned *ret_n)
{
	unsigned n = selinux_count_categories(range);

	if (n < 2)
		return -ENOENT;
	*ret_n = n * (n - 1) / 2;
	return random_below(*ret_n, ret_number);
}

int mcs_pick(const struct selinux_categories *range, struct mcs_pair *ret)
{
	unsigned number = 0, n;
	int r = pick_number(range, &number, &n);

	if (r == 0)
		*ret = numbered(range, number);
	return r;
}

/* ---- claims ---- */

static int bind_name(const struct mcs_pair *p, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char pair[MCS_PAIR_SIZE];
	int n;

	if (fd < 0)
		return -errno;
	mcs_pair_text(p, pair);
	n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, NAME "%s", pair);
	if (bind(fd, (const struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) < 0)
		return errno == EADDRINUSE ? MCS_TAKEN : -errno;
	*ret_fd = TAKE_FD(fd);
	return MCS_CLAIMED;
}

/* Which pairs the processes of this host have: one bit each of a triangle. */
struct in_use {
	unsigned char bits[SELINUX_CATEGORIES * SELINUX_CATEGORIES / 8];
};

static size_t place(const struct mcs_pair *p)
{
	return (size_t)p->a * SELINUX_CATEGORIES + p->b;
}

static int add_process(const struct procfs *fs, pid_t pid, struct in_use *u)
{
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	char label[PROC_LABEL_MAX];
	struct selinux_context c;
	struct mcs_pair pair;
	int r = proc_open(fs, pid, &p);

	if (r == 0)
		r = proc_read_label(&p, "current", label);
	/* one that ended, or whose label its policy hides */
	if (r < 0)
		return r == -ENOMEM || r == -EMFILE || r == -ENFILE ? r : 0;
	if (selinux_context_parse(label, &c) == 0 && mcs_pair_of(c.range, &pair) == 0)
		u->bits[place(&pair) / 8] |= (unsigned char)(1U << (place(&pair) % 8));
	return 0;
}

static int read_in_use(struct in_use **ret)
{
	_cleanup_free_ struct in_use *u = calloc(1, sizeof(*u));
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r = u ? procfs_open(&fs) : -ENOMEM;

	if (r == 0)
		r = procfs_pids(&fs, &pids, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_process(&fs, pids[i], u);
	if (r == 0)
		*ret = TAKE_PTR(u);
	return r;
}

static int claim(const struct mcs_pair *p, const struct in_use *u, int *ret_fd)
{
	if (u->bits[place(p) / 8] >> (place(p) % 8) & 1)
		return MCS_TAKEN;
	return bind_name(p, ret_fd);
}

int mcs_claim(const struct mcs_pair *p, int *ret_fd)
{
	_cleanup_free_ struct in_use *u = NULL;
	int r = read_in_use(&u);

	return r < 0 ? r : claim(p, u, ret_fd);
}

int mcs_claim_any(const struct selinux_categories *range, struct mcs_pair *ret, int *ret_fd, struct err *e)
{
	_cleanup_free_ struct in_use *u = NULL;
	unsigned first = 0, n = 0;
	int r = pick_number(range, &first, &n);

	if (r == -ENOENT)
		return err_set(e, ENOENT, "SELinux: less than two categories are in the range of this login");
	if (r == 0)
		r = read_in_use(&u);
	if (r < 0)
		return err_errno(e, -r, "SELinux: categories for the container");
	for (unsigned i = 0; i < n; i++) {
		struct mcs_pair p = numbered(range, (first + i) % n);

		r = claim(&p, u, ret_fd);
		if (r < 0)
			return err_errno(e, -r, "SELinux: claim categories");
		if (r == MCS_CLAIMED) {
			*ret = p;
			return 0;
		}
	}
	return err_set(e, EBUSY, "SELinux: all %u pairs of categories in the range of this login are in use", n);
}
