/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * instruction - one instruction of a Containerfile, as a struct.
 *
 * Most callers read a whole file (oci/containerfile.h). One line alone is
 * what ONBUILD leaves in an image, and what `commit --change` is given:
 *
 *	r = instruction_parse("COPY --chown=1:1 a b/", '\\', &in, e);
 *	...
 *	instruction_free(in);
 *
 * Nothing is expanded here: words still have their quotes, escapes and
 * variables, and instruction_expand() (oci/expand.h) makes the struct that
 * is executed. Where `args` is said to be raw, that is meant.
 *
 * The grammar is that of docker's Dockerfile reference and of BuildKit.
 */
#ifndef RANBY_OCI_INSTRUCTION_H
#define RANBY_OCI_INSTRUCTION_H

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define INSTRUCTION_ARGS_MAX 4096 /* words of one instruction */
#define INSTRUCTION_HEREDOCS_MAX 64

enum instruction_kind {
	INSTRUCTION_ADD,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM,
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_ONBUILD,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
	INSTRUCTION_KINDS, /* how many there are */
};

/* A here-document: <<NAME, <<"NAME" (not expanded), <<-NAME (leading tabs are taken off). */
struct heredoc {
	char *name;      /* without quotes; also the name of the file that COPY makes */
	char *content;   /* the lines with their newlines, NUL-terminated; tabs are off already for <<- */
	size_t len;
	bool expand;     /* the name had no quotes: COPY and ADD expand variables in it, for RUN the shell does */
	bool strip_tabs; /* <<- */
	unsigned fd;     /* 3<<EOF: 3; without a number 0 */
};

/* What stands before the arguments as --name or --name=value. NULL: was not given. */
struct instruction_flags {
	char *from;         /* COPY: a stage, an image or a build context; expanded */
	char *chown;        /* COPY ADD: user[:group]; expanded */
	char *chmod;        /* COPY ADD: octal, or symbolic as chmod(1); expanded */
	char *checksum;     /* ADD: sha256:HEX */
	char *network;      /* RUN: default, none, host */
	char *security;     /* RUN: sandbox, insecure */
	char *platform;     /* FROM: os/arch[/variant]; expanded by global ARGs */
	bool keep_git_dir;  /* ADD */
	bool link;          /* COPY ADD */
	bool parents;       /* COPY */
	bool unpack, no_unpack; /* ADD --unpack=true|false: neither is "a local archive is unpacked, a downloaded one is not" */
	struct strv exclude;   /* COPY ADD: patterns as in a .containerignore; expanded */
	struct strv mount;     /* RUN: each --mount's text (build/run_mount.h parses it when expanded) */
	char *interval, *timeout, *start_period, *start_interval, *retries; /* HEALTHCHECK, as given, checked */
};

struct instruction {
	enum instruction_kind kind;
	unsigned line, last_line; /* in the file, from 1; last_line is that of the last here-document's end */
	char *text;               /* the instruction as written, continued lines joined, comments gone; for history and messages */
	bool is_exec;             /* the JSON form (RUN CMD ENTRYPOINT SHELL HEALTHCHECK, and also COPY ADD VOLUME) */
	bool is_none;             /* HEALTHCHECK NONE */
	struct instruction_flags flags;
	/*
	 * By kind:
	 *	FROM                  image, or image and the name of the stage (as written; compare without case)
	 *	RUN CMD ENTRYPOINT    the one line of the shell form, or the words of the exec form; RUN with only
	 *	HEALTHCHECK           here-documents has the line that holds the <<NAME. None for HEALTHCHECK NONE
	 *	SHELL                 the words
	 *	COPY ADD              sources, then the destination last; a here-document stands there as its <<NAME
	 *	ENV LABEL             name, value, name, value ... (raw)
	 *	ARG                   NAME or NAME=value, each (raw)
	 *	EXPOSE VOLUME         words (raw)
	 *	USER WORKDIR STOPSIGNAL MAINTAINER   the rest of the line (raw)
	 *	ONBUILD               the text of the trigger; `trigger` is it, parsed
	 */
	struct strv args;
	struct heredoc *heredocs; /* in the order of their <<NAME */
	size_t n_heredocs;
	struct instruction *trigger; /* ONBUILD */
};

/* Frees all; NULL is taken; returns NULL. */
struct instruction *instruction_free(struct instruction *in);
DEFINE_CLEANUP(struct instruction *, instruction_free);
#define _cleanup_instruction_ _cleanup_(instruction_freep)

/*
 * One line, already joined, without here-documents' bodies. `escape` is '\\' or
 * '`'. -EINVAL with docker's words ("unknown instruction: FORM (did you mean
 * FROM?)"), not prefixed; -E2BIG past the bounds. The caller owns *ret.
 */
int instruction_parse(const char *line, char escape, struct instruction **ret, struct err *e) _must_check_;

/* The same for a line that an image's OnBuild has: also refuses FROM, MAINTAINER, ONBUILD, and here-documents, whose content nobody has. */
int instruction_parse_trigger(const char *line, struct instruction **ret, struct err *e) _must_check_;

/* A copy of all of it, but of what an ONBUILD triggers. The caller owns *ret. 0 or -ENOMEM. */
int instruction_copy(const struct instruction *in, struct instruction **ret) _must_check_;

/* "COPY", as docker spells it. */
const char *instruction_name(enum instruction_kind kind);

/* The kind of a word, in any case; -1: there is no such. */
int instruction_kind_of(const char *word);

/*
 * The <<NAMEs of a line of RUN, COPY or ADD, none of which has content yet;
 * appended to `in`. A "<<" within quotes or in "<<<" is none.
 */
int instruction_find_heredocs(struct instruction *in, char escape, struct err *e) _must_check_;

/* The here-document that the argument `arg` ("<<EOF") of COPY or ADD is, or NULL. */
const struct heredoc *instruction_heredoc(const struct instruction *in, const char *arg);

/*
 * What the shell of a RUN in shell form is given. With here-documents: a line that
 * is nothing but one <<NAME gives the content, which is the script; *ret_is_program
 * says that it begins with "#!" and is to be executed as a file. Else the line, then
 * each content and its name, for the shell to read. The caller owns *ret. 0 or -ENOMEM, -EFBIG.
 */
int instruction_script(const struct instruction *in, char **ret, bool *ret_is_program) _must_check_;

#endif
