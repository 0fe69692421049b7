/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One table, so that a test can ask of all of them whether the options are
 * there. A line is one that works as it stands, given the names in it.
 */
#include "cmd/examples.h"

#include "base/mem.h"

#include <string.h>

static const struct {
	const char *command;
	const char *lines[EXAMPLES_MAX + 1];
} examples[] = {
	{"run",
	 {"ranby run --rm -it debian bash", "ranby run -d --name web -p 127.0.0.1:8080:80 nginx",
	  "ranby run --rm -v \"$PWD:/src\" -w /src --userns keep-id debian make",
	  "ranby run -d --name db --restart on-failure:3 --memory 512m -v data:/var/lib/db --secret password postgres"}},
	{"exec", {"ranby exec -it web sh", "ranby exec -u root -e LANG=C web id", "echo text | ranby exec -i web cat"}},
	{"ps",
	 {"ranby ps -a", "ranby ps --filter status=exited --format '{{.Names}} {{.Status}}'", "ranby ps -aq --filter label=tier=front"}},
	{"logs", {"ranby logs -f --tail 20 web", "ranby logs --since 10m -t web db"}},
	{"cp", {"ranby cp web:/etc/nginx/nginx.conf .", "ranby cp ./site/. web:/usr/share/nginx/html", "tar c site | ranby cp - web:/tmp"}},
	{"top", {"ranby top web", "ranby top web pid,user,args"}},
	{"pod create", {"ranby pod create --name app -p 127.0.0.1:8080:80", "ranby pod create --name batch --memory 1g --share net,ipc"}},
	{"network create", {"ranby network create backend", "ranby network create --subnet 10.89.7.0/24 --internal store"}},
	{"volume create", {"ranby volume create data", "ranby volume create --opt type=tmpfs --opt o=size=64m scratch"}},
};

const char *const *examples_of(const char *command)
{
	static const char *const none[] = {NULL};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		if (strcmp(examples[i].command, command) == 0)
			return examples[i].lines;
	return none;
}
