/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby version: needs no state, so that it works on a broken installation
 * too. There is no server; templates find the client under that name as well,
 * and under none, because scripts ask for .Server.Version and .Version.
 */
#include "cmd/version.h"

#include "cmd/commands.h"
#include "cmd/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct version_args {
	const char *format;
};

static const struct option_row version_rows[] = {
	{'f', "format", OPT_STRING, offsetof(struct version_args, format), .arg = "TEMPLATE", .choices = "json", .help = "json, or a Go template"},
	OPTION_END,
};

const char *version_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__powerpc64__)
	return "ppc64le";
#elif defined(__s390x__)
	return "s390x";
#else
	return "other";
#endif
}

int version_json(struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	char os_arch[64];

	snprintf(os_arch, sizeof(os_arch), "linux/%s", version_architecture());
	if (!o || json_add_str(o, "APIVersion", RANBY_VERSION) < 0 || json_add_str(o, "Version", RANBY_VERSION) < 0 ||
	    json_add_str(o, "GoVersion", "") < 0 || json_add_str(o, "GitCommit", "") < 0 || json_add_str(o, "BuiltTime", "") < 0 ||
	    json_add_int(o, "Built", 0) < 0 || json_add_str(o, "OsArch", os_arch) < 0 || json_add_str(o, "Os", "linux") < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static int by_template(struct json_object *o, const char *format, struct buf *out, struct err *e)
{
	_cleanup_template_ struct template *t = NULL;
	struct json_object *client = json_at(o, "Client");
	int r = json_add(o, "Server", json_object_get(client));

	/* podman's {{.Version}} is the client's, too */
	json_object_object_foreach(client, key, value) r = r < 0 ? r : json_add(o, key, json_object_get(value));
	if (r < 0)
		return err_errno(e, -r, "version");
	r = template_parse(format, &t, e);
	if (r == 0)
		r = template_exec(t, o, TEMPLATE_STRICT, out, e);
	buf_addc(out, '\n');
	return r;
}

static int version_run(const struct command_call *call, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *client = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT;
	const struct version_args *a = call->args;
	int r = 0;

	if (!o || version_json(&client) < 0 || json_add(o, "Client", TAKE_PTR(client)) < 0)
		return err_errno(e, ENOMEM, "version");
	if (!a->format)
		buf_addf(&out, "Client:       ranby\nVersion:      %s\nOS/Arch:      linux/%s\n", RANBY_VERSION, version_architecture());
	else if (strcmp(a->format, "json") == 0)
		buf_addf(&out, "%s\n", json_text(o, NULL));
	else
		r = by_template(o, a->format, &out, e);
	return r < 0 ? r : screen_put(&out, e);
}

const struct command command_version = {
	.name = "version",
	.operands = "[OPTIONS]",
	.summary = "Show the version",
	.rows = version_rows,
	.args_size = sizeof(struct version_args),
	.run = version_run,
};
