/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby login, ranby logout. A password comes from standard input or from the
 * terminal without echo; the one that --password gave is blanked on the
 * command line at once.
 */
#include "base/escape.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/report.h"
#include "registry/login.h"
#include "sys/fd.h"
#include "sys/tty.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECRET_MAX 16384

struct login_args {
	const char *username, *password, *authfile, *cert_dir;
	bool password_stdin, get_login, tls_verify, verbose;
};

static const struct option_row login_rows[] = {
	{0, "authfile", OPT_STRING, offsetof(struct login_args, authfile), .arg = "FILE", .help = "Keep them in this file instead of the usual one"},
	{0, "cert-dir", OPT_STRING, offsetof(struct login_args, cert_dir), .arg = "DIR", .help = "The registry's certificates (*.crt, *.cert, *.key)"},
	{0, "get-login", OPT_FLAG, offsetof(struct login_args, get_login), .help = "Print the user name that is known for the registry"},
	{'p', "password", OPT_STRING, offsetof(struct login_args, password), .arg = "PASSWORD",
	 .help = "The password; a shell keeps it in its history, --password-stdin is better"},
	{0, "password-stdin", OPT_FLAG, offsetof(struct login_args, password_stdin), .help = "Read the password from standard input"},
	{0, "tls-verify", OPT_FLAG, offsetof(struct login_args, tls_verify),
	 .help = "Require https and valid certificates; =false allows http (default: allowed for loopback only)"},
	{'u', "username", OPT_STRING, offsetof(struct login_args, username), .arg = "NAME", .help = "The user name"},
	{'v', "verbose", OPT_FLAG, offsetof(struct login_args, verbose), .help = "Say where they are kept"},
	OPTION_END,
};

static void wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_done(b);
}

/* What a terminal does itself unless it is raw: one character goes, or the line. True when `c` asked for that. */
static bool was_edited(struct buf *line, char c)
{
	const bool is_erase = c == 0x7f || c == '\b', is_kill = c == 0x15;

	while (line->len > 0 && (is_erase || is_kill)) {
		unsigned char last = (unsigned char)line->data[--line->len];

		line->data[line->len] = '\0';
		/* all bytes of a character of UTF-8 */
		if (is_erase && (last & 0xc0) != 0x80)
			break;
	}
	return is_erase || is_kill;
}

/* One line from the terminal. -ECANCELED: ^C or the end. */
static int read_line(struct buf *line, struct err *e)
{
	char c;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == 3 || c == 4)
			return err_set(e, ECANCELED, "login: given up");
		if (c == '\n' || c == '\r')
			return 0;
		if (!was_edited(line, c))
			buf_addc(line, c);
		if (line->len > SECRET_MAX)
			return err_set(e, EFBIG, "login: longer than %d bytes", SECRET_MAX);
	}
}

static int ask(const char *question, bool secret, struct buf *line, struct err *e)
{
	_cleanup_(tty_restore) struct tty_saved saved = TTY_SAVED_INIT;
	int r = 0;

	if (!tty_is(STDIN_FILENO)) {
		r = err_set(e, EINVAL, "login: standard input is no terminal");
		err_hint(e, "take --username with --password-stdin");
		return r;
	}
	/* first, so that nobody is asked for what would be shown */
	if (secret)
		r = tty_make_raw(STDIN_FILENO, &saved);
	if (r < 0)
		return err_errno(e, -r, "login: terminal");
	fprintf(stderr, "%s", question);
	r = read_line(line, e);
	tty_restore(&saved);
	if (secret)
		fputc('\n', stderr);
	return r;
}

static int read_password(struct buf *out, struct err *e)
{
	int r = fd_read_all(STDIN_FILENO, SECRET_MAX, out);

	if (r < 0)
		return err_errno(e, -r, "--password-stdin");
	while (out->len > 0 && strchr("\r\n", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	return 0;
}

static int collect_name(const struct login_args *a, const struct auth *known, struct buf *name, struct err *e)
{
	const char *before = known->username ? known->username : "";
	char question[256], shown[200];
	int r = 0;

	if (a->username) {
		buf_adds(name, a->username);
	} else {
		snprintf(question, sizeof(question), "Username%s%s%s: ", *before ? " (" : "", escape_into(shown, sizeof(shown), before), *before ? ")" : "");
		r = ask(question, false, name, e);
		if (r == 0 && name->len == 0)
			buf_adds(name, before);
	}
	if (r == 0 && (name->len == 0 || memchr(buf_str(name), ':', name->len)))
		r = err_set(e, EINVAL, "login: a user name is wanted, without a colon");
	return r;
}

/* "USER:PASSWORD" into `creds`. */
static int collect(const struct login_args *a, const struct auth *known, struct buf *creds, struct err *e)
{
	_cleanup_(wipe) struct buf name = BUF_INIT, password = BUF_INIT;
	int r;

	if (a->password_stdin && (a->password || !a->username))
		return err_set(e, EINVAL, a->password ? "--password and --password-stdin exclude each other" :
							"--password-stdin needs --username");
	r = collect_name(a, known, &name, e);
	if (r == 0 && a->password_stdin)
		r = read_password(&password, e);
	else if (r == 0 && a->password)
		buf_adds(&password, a->password);
	else if (r == 0)
		r = ask("Password: ", true, &password, e);
	if (r < 0)
		return r;
	buf_addf(creds, "%s:%s", buf_str(&name), buf_str(&password));
	return buf_bad(creds) ? err_errno(e, buf_bad(creds), "login") : 0;
}

static int get_login(const struct login *l, const struct auth *known, struct err *e)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT;

	if (!known->username)
		return err_set(e, ENOENT, "not logged into %s", l->key);
	/* whoever wrote it into the file or the helper: it is no terminal's to obey */
	if (tty_is(STDOUT_FILENO))
		escape_text(known->username, strlen(known->username), 0, &shown);
	if (buf_bad(&shown))
		return err_errno(e, ENOMEM, "login");
	puts(shown.len ? buf_str(&shown) : known->username);
	return 0;
}

static void say_kept(const struct login *l, const struct login_args *a)
{
	if (a->verbose)
		printf("Used: %s%s\n", l->helper[0] ? "docker-credential-" : "", l->helper[0] ? l->helper : l->path);
	puts("Login Succeeded!");
}

static int log_in(struct login *l, const struct login_args *a, struct err *e)
{
	_cleanup_(wipe) struct buf creds = BUF_INIT;
	_cleanup_(auth_done) struct auth known = {0};
	int r = login_find(l, &known, e);

	if (r < 0)
		return r;
	if (a->get_login)
		return get_login(l, &known, e);
	if (!a->username && !a->password && !a->password_stdin && (known.username || known.identity_token) && login_try(l, NULL, NULL) == 0) {
		printf("Existing credentials are valid. Already logged in to %s\n", l->key);
		return 0;
	}
	r = collect(a, &known, &creds, e);
	if (r < 0)
		return r;
	r = login_try(l, buf_str(&creds), e);
	if (r < 0)
		return err_wrap(e, r, "logging into \"%s\"", l->key);
	r = login_keep(l, buf_str(&creds), e);
	if (r == 0)
		say_kept(l, a);
	return r;
}

static int login_run(const struct command_call *call, struct err *e)
{
	struct login_args *a = call->args;
	const struct registry_args registry = {.authfile = a->authfile, .cert_dir = a->cert_dir, .tls_verify = a->tls_verify};
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(login_done) struct login l = {0};
	_cleanup_free_ char *password = NULL;
	int r;

	if (a->password) {
		password = image_take_secret(a->password);
		if (!password)
			return err_errno(e, ENOMEM, "login");
		a->password = password;
	}
	r = image_source_init(true, &source, e);
	if (r == 0)
		r = registry_access_of(call, &registry, &source, e);
	if (r == 0)
		r = login_to(call->argv[0], &source.options.access, &l, e);
	if (r == 0)
		r = log_in(&l, a, e);
	if (password)
		explicit_bzero(password, strlen(password));
	return r;
}

const struct command command_login = {
	.name = "login",
	.operands = "[OPTIONS] [REGISTRY]",
	.summary = "Keep the credentials for a registry",
	.max_operands = 1,
	.rows = login_rows,
	.args_size = sizeof(struct login_args),
	.run = login_run,
};

struct logout_args {
	const char *authfile;
	bool all;
};

static const struct option_row logout_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct logout_args, all), .help = "Forget those of all registries"},
	{0, "authfile", OPT_STRING, offsetof(struct logout_args, authfile), .arg = "FILE", .help = "In this file instead of the usual one"},
	OPTION_END,
};

static int forget(struct login *l, struct err *e)
{
	_cleanup_(auth_done) struct auth left = {0};
	int r = login_forget(l, e);

	if (r == -ENOENT && login_find(l, &left, NULL) == 0 && left.path)
		return err_set(e, ENOENT, "not logged into %s here; its credentials are in %s, which other programs keep", l->key, left.path);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "not logged into %s", l->key);
	if (r == 0)
		printf("Removed login credentials for %s\n", l->key);
	return r;
}

static int logout_run(const struct command_call *call, struct err *e)
{
	const struct logout_args *a = call->args;
	_cleanup_(image_source_done) struct image_source source = {0};
	_cleanup_(strv_done) struct strv helpers = {0};
	_cleanup_(login_done) struct login l = {0};
	int r = image_source_init(true, &source, e);

	if (r < 0)
		return r;
	if (a->all && call->argc)
		return err_set(e, EINVAL, "--all and the name of a registry exclude each other");
	source.options.access.auth_file = a->authfile;
	r = login_to(a->all ? "localhost" : call->argv[0], &source.options.access, &l, e);
	if (r < 0)
		return r;
	if (!a->all)
		return forget(&l, e);
	r = login_forget_all(&l, &helpers, e);
	if (r < 0)
		return r;
	printf("Removed login credentials for all registries from %s\n", l.path);
	for (size_t i = 0; i < helpers.n; i++)
		report_warning("what docker-credential-%s keeps is left: log out of each registry by its name", helpers.items[i]);
	return r;
}

const struct command command_logout = {
	.name = "logout",
	.operands = "[OPTIONS] [REGISTRY]",
	.summary = "Forget the credentials for a registry",
	.max_operands = 1,
	.rows = logout_rows,
	.args_size = sizeof(struct logout_args),
	.run = logout_run,
};
