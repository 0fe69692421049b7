/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* Input: the mode, then arguments that end in a zero byte. No argument is lost, and the operands keep their order. */
#include "base/option.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct args {
	bool a, b;
	const char *name, *pull;
	struct strv list, csv;
	uint32_t u32;
	int64_t i64;
	uint64_t u64, size, time;
};

static const struct option_row rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct args, a), .help = "x"},
	{'b', "bee", OPT_FLAG, offsetof(struct args, b), .help = "x"},
	{'n', "name", OPT_STRING, offsetof(struct args, name), .help = "x"},
	{'l', "list", OPT_LIST, offsetof(struct args, list), .help = "x"},
	{'c', "csv", OPT_LIST_CSV, offsetof(struct args, csv), .help = "x"},
	{'u', "u32", OPT_U32, offsetof(struct args, u32), .help = "x"},
	{'i', "i64", OPT_I64, offsetof(struct args, i64), .min = -9, .max = 9, .help = "x"},
	{'U', "u64", OPT_U64, offsetof(struct args, u64), .help = "x"},
	{'s', "size", OPT_SIZE, offsetof(struct args, size), .help = "x"},
	{'t', "time", OPT_DURATION, offsetof(struct args, time), .help = "x"},
	{'p', "pull", OPT_CHOICE, offsetof(struct args, pull), .choices = "always|never", .help = "x"},
	OPTION_END,
};

#define ARGS_MAX 32

/* The pointers' sum and xor: a permutation changes neither. */
static uintptr_t fingerprint(char **argv, int argc)
{
	uintptr_t sum = 0, x = 0;

	for (int i = 0; i < argc; i++) {
		sum += (uintptr_t)argv[i];
		x ^= (uintptr_t)argv[i];
	}
	return sum ^ (x << 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = calloc(1, size + 1);
	char prog[] = "x", *argv[ARGS_MAX + 2] = {prog};
	enum option_mode mode;
	struct args args = {0};
	struct err e = {0};
	int argc = 1, first = -1;
	uintptr_t before;

	if (size == 0)
		return 0;
	mode = data[0] & 1 ? OPTION_STOP_AT_OPERAND : OPTION_PERMUTE;
	memcpy(text, data + 1, size - 1);
	for (size_t at = 0; at < size - 1 && argc <= ARGS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	before = fingerprint(argv, argc);
	if (option_parse(rows, argc, argv, mode, &args, &first, &e) == 0) {
		if (first < 1 || first > argc || fingerprint(argv, argc) != before)
			__builtin_trap();
		for (int i = first + 1; i < argc; i++)
			if (argv[i] < argv[i - 1]) /* they lie in `text` in the order given */
				__builtin_trap();
		(void)option_given(rows, argc, argv, "list");
	} else if (e.text[0] == '\0') {
		__builtin_trap();
	}
	strv_done(&args.list);
	strv_done(&args.csv);
	return 0;
}
