/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "cmd/find.h"

#include <string.h>

#define NO_SERVICE "there is no daemon to connect to"
#define NO_DRIVER "the driver is overlay"
#define NO_LOG "nothing is logged: ranby events and ranby audit say what was done"

const struct option_row global_rows[] = {
	{0, "root", OPT_STRING, offsetof(struct globals, root), .arg = "DIR",
	 .help = "Keep images, containers and volumes here instead of ~/.local/share/ranby"},
	{0, "runroot", OPT_STRING, offsetof(struct globals, runroot), .arg = "DIR",
	 .help = "Keep sockets and facts of running containers here instead of $XDG_RUNTIME_DIR/ranby"},
	{0, "events-backend", OPT_CHOICE, offsetof(struct globals, events_backend), .arg = "WHERE", .choices = "file|journald|none",
	 .help = "Where events go beside the ledger, and are read from: file (the ledger alone), journald"},
	{0, "storage-opt", OPT_LIST, offsetof(struct globals, storage_opt), .arg = "NAME=VALUE",
	 .help = "Option of the storage: overlay.mount_program=/usr/bin/fuse-overlayfs"},
	{'v', "version", OPT_FLAG, offsetof(struct globals, version), .help = "Show the version and exit"},
	{'h', "help", OPT_FLAG, offsetof(struct globals, help), .help = "Show this help and exit"},
	OPTION_REFUSED(0, "cgroup-manager", "it is what this host delegates: ranby info"),
	OPTION_REFUSED(0, "config", "credentials are named with --authfile"),
	OPTION_REFUSED(0, "conmon", "the monitor is ranby-monitor"),
	OPTION_REFUSED('c', "connection", NO_SERVICE),
	OPTION_REFUSED(0, "context", NO_SERVICE),
	OPTION_REFUSED('D', "debug", NO_LOG),
	OPTION_REFUSED(0, "hooks-dir", "OCI hooks are not run from directories"),
	OPTION_REFUSED('H', "host", NO_SERVICE),
	OPTION_REFUSED(0, "identity", NO_SERVICE),
	OPTION_REFUSED(0, "imagestore", "images are kept below --root"),
	OPTION_REFUSED('l', "log-level", NO_LOG),
	OPTION_REFUSED(0, "module", "containers.conf has no modules here"),
	OPTION_REFUSED(0, "network-cmd-path", "pasta and slirp4netns are taken from /usr/bin"),
	OPTION_REFUSED(0, "network-config-dir", "networks are kept below --root"),
	OPTION_REFUSED(0, "noout", "redirect standard output to /dev/null"),
	OPTION_REFUSED(0, "out", "redirect standard output"),
	OPTION_REFUSED('r', "remote", NO_SERVICE),
	OPTION_REFUSED(0, "runtime", "the runtime is ranby-runtime"),
	OPTION_REFUSED(0, "runtime-flag", "the runtime is ranby-runtime"),
	OPTION_REFUSED(0, "ssh", NO_SERVICE),
	OPTION_REFUSED(0, "storage-driver", NO_DRIVER),
	OPTION_REFUSED(0, "syslog", NO_LOG),
	OPTION_REFUSED(0, "tmpdir", "it is --runroot"),
	OPTION_REFUSED(0, "transient-store", "with run --rm nothing stays"),
	OPTION_REFUSED(0, "url", NO_SERVICE),
	OPTION_REFUSED(0, "volumepath", "volumes are kept below --root"),
	OPTION_END,
};

/* How many words of `name` (blank-separated) argv begins with; 0 unless all of them do. */
static int match_words(const char *name, size_t len, int argc, char **argv)
{
	int words = 0;

	while (len > 0) {
		size_t n = 0;

		while (n < len && name[n] != ' ')
			n++;
		if (words >= argc || strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
			return 0;
		words++;
		name += n;
		len -= n;
		if (len > 0) {
			name++;
			len--;
		}
	}
	return words;
}

/* The most words of argv that the command's name or one of its aliases takes. */
static int match_command(const struct command *c, int argc, char **argv)
{
	int best = match_words(c->name, strlen(c->name), argc, argv);

	for (const char *a = c->aliases; a && *a;) {
		size_t n = strcspn(a, "|");
		int words = match_words(a, n, argc, argv);

		if (words > best)
			best = words;
		a += n + (a[n] == '|');
	}
	return best;
}

const struct command *command_find(int argc, char **argv, int *ret_words)
{
	const struct command *best = NULL;

	*ret_words = 0;
	for (size_t i = 0; command_table[i]; i++) {
		int words = match_command(command_table[i], argc, argv);

		if (words > *ret_words) {
			best = command_table[i];
			*ret_words = words;
		}
	}
	return best;
}

void command_each_name(void (*seen)(const char *name, size_t len, const struct command *c, void *ctx), void *ctx)
{
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *c = command_table[i];

		if (c->hidden)
			continue;
		seen(c->name, strlen(c->name), c, ctx);
		for (const char *a = c->aliases; a && *a;) {
			size_t n = strcspn(a, "|");

			seen(a, n, c, ctx);
			a += n + (a[n] == '|');
		}
	}
}
