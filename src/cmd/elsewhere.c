/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Only asked when the table of commands has no such name, so a command that is
 * written one day takes the place of its line here by itself.
 */
#include "cmd/elsewhere.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NO_DAEMON "there is no daemon: nothing listens, and each command does its own work"
#define NO_SWARM "there is no cluster; one host is all that ranby knows"
#define NO_YAML "Kubernetes YAML is not read or written; use pods: ranby pod create, run --pod"
#define NO_UNITS "write a unit with ExecStart=ranby run --rm --name %n ..., or use --restart"
#define NO_CRIU "processes are not written to the disk; ranby pause stops them, and ranby commit keeps the files"
#define NO_MACHINE "there is no virtual machine: containers run on this host"
#define NO_TRUST "use ranby image trust show and ranby image trust set"
#define NO_FARM "build on each host"
#define NO_BUILDERS "there is one builder, and nothing to set up: ranby build"
#define NO_ARTIFACT "only images are kept; use skopeo or oras"

/* Longest names first where one begins another. */
static const struct {
	const char *name, *instead;
} others[] = {
	{"container checkpoint", NO_CRIU}, {"container restore", NO_CRIU}, {"checkpoint", NO_CRIU},
	{"container runlabel", "what an image says in a label is not executed; ranby image inspect --format '{{.Labels}}' IMAGE"},
	{"kube", NO_YAML}, {"play", NO_YAML}, {"generate systemd", NO_UNITS}, {"generate spec", "the specification of a container is its OCIConfigPath in ranby inspect"},
	{"generate", NO_YAML}, {"quadlet", NO_UNITS}, {"auto-update", "pull the image and make the container again: ranby run --pull newer --replace"},
	{"compose", "write the containers down as commands, or use docker-compose with an engine that has a socket"},
	{"machine", NO_MACHINE}, {"farm", NO_FARM}, {"artifact", NO_ARTIFACT},
	{"system connection", NO_DAEMON}, {"system service", NO_DAEMON}, {"system dial-stdio", NO_DAEMON}, {"context", NO_DAEMON},
	{"system migrate", "nothing has to be moved: the state is files, and a new version reads them"},
	{"system renumber", "there are no lock numbers"}, {"system locks", "there are no lock numbers"},
	{"image scp", "ranby save IMAGE | ssh HOST ranby load"},
	{"trust", NO_TRUST},
	{"network reload", "nothing to be done: rules live in the network's own namespace, and no firewall of the host touches them"},
	{"network update", "a network has no name servers of its own; give them to the containers: ranby run --dns"},
	{"volume reload", "there are no drivers whose volumes could have changed; ranby volume ls shows those that are there"}, {"volume update", NO_SWARM},
	{"swarm", NO_SWARM}, {"service", NO_SWARM}, {"stack", NO_SWARM}, {"node", NO_SWARM}, {"config", "use secrets: ranby secret create"},
	{"plugin", "there are no plugins"}, {"builder prune", "ranby image prune --build-cache"}, {"buildx prune", "ranby image prune --build-cache"},
	{"builder du", "ranby system df"}, {"buildx du", "ranby system df"}, {"buildx version", "ranby version"},
	{"buildx bake", "ranby build, once for each target"}, {"buildx imagetools", "ranby manifest inspect, create and push"},
	{"buildx create", NO_BUILDERS}, {"buildx use", NO_BUILDERS}, {"buildx ls", NO_BUILDERS}, {"buildx rm", NO_BUILDERS},
	{"buildx inspect", NO_BUILDERS}, {"buildx stop", NO_BUILDERS},
	{"podmansh", "a login shell's program is chosen with usermod --shell; a script of `ranby run` can be one"},
	{"system hyperv-prep", NO_MACHINE},
};

/* Whether argv begins with the words of `name`. */
static bool begins(const char *name, int argc, char **argv)
{
	for (int i = 0; *name; i++) {
		size_t len = strcspn(name, " ");

		if (i >= argc || strlen(argv[i]) != len || strncmp(argv[i], name, len) != 0)
			return false;
		name += len + (name[len] == ' ');
	}
	return true;
}

bool elsewhere_is(int argc, char **argv, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (!begins(others[i].name, argc, argv))
			continue;
		(void)err_set(e, ENOTSUP, "ranby %s: not supported; %s", others[i].name, others[i].instead);
		return true;
	}
	return false;
}
