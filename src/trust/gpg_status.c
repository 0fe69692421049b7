/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* What is not known to be harmless refuses: a word that a later gpgv adds about a bad signature must not be overheard. */
#include "trust/gpg_status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK "[GNUPG:] "

static const struct {
	const char *word, *why; /* NULL: harmless */
} words[] = {
	{"NEWSIG", NULL},
	{"KEY_CONSIDERED", NULL},
	{"SIG_ID", NULL},
	{"GOODSIG", NULL},
	{"VALIDSIG", NULL},
	{"PLAINTEXT", NULL},
	{"PLAINTEXT_LENGTH", NULL},
	{"VERIFICATION_COMPLIANCE_MODE", NULL},
	{"NOTATION_NAME", NULL},
	{"NOTATION_FLAGS", NULL},
	{"NOTATION_DATA", NULL},
	{"POLICY_URL", NULL},
	{"BADSIG", "the signature is bad"},
	{"ERRSIG", "the signature is by a key that the policy does not name"},
	{"NO_PUBKEY", "the signature is by a key that the policy does not name"},
	{"EXPSIG", "the signature has expired"},
	{"EXPKEYSIG", "the key has expired"},
	{"KEYEXPIRED", "the key has expired"},
	{"REVKEYSIG", "the key is revoked"},
	{"NODATA", "not an OpenPGP message"},
};

/* NULL when it is one that does no harm. */
static const char *objection(const char *line, size_t len)
{
	size_t word = strcspn(line, " \n");

	(void)len;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].word) == word && strncmp(words[i].word, line, word) == 0)
			return words[i].why;
	return "gpgv does not accept it";
}

static bool is_hex(const char *s, size_t len)
{
	return len >= 32 && len <= 64 && strspn(s, "0123456789ABCDEF") >= len;
}

/* The last field of "VALIDSIG FPR DATE … PRIMARY-FPR". */
static bool take_key(const char *line, size_t len, char *ret)
{
	const char *at = memrchr(line, ' ', len);
	size_t n;

	if (!at)
		return false;
	at++;
	n = len - (size_t)(at - line);
	if (!is_hex(at, n))
		return false;
	snprintf(ret, TRUST_WORD_SIZE, "%.*s", (int)n, at);
	return true;
}

int trust_gpg_status(const char *lines, bool ended_well, char ret_key[static TRUST_WORD_SIZE], struct err *e)
{
	unsigned good = 0, valid = 0, plain = 0;
	const char *why = NULL;
	char key[TRUST_WORD_SIZE] = "";

	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, MARK, strlen(MARK)) != 0)
			continue;
		line += strlen(MARK);
		len -= strlen(MARK);
		why = why ? why : objection(line, len);
		good += strncmp(line, "GOODSIG ", 8) == 0;
		plain += strncmp(line, "PLAINTEXT ", 10) == 0;
		valid += strncmp(line, "VALIDSIG ", 9) == 0 && take_key(line, len, key);
	}
	if (!why && (good != 1 || valid != 1 || plain != 1))
		why = "not exactly one signature of one text";
	if (!why && !ended_well)
		why = "gpgv does not accept it";
	if (why)
		return err_set(e, EACCES, "%s", why);
	memcpy(ret_key, key, sizeof(key));
	return 0;
}
