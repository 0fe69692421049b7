/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * tree_same - are two trees the same?
 *
 *	r = tree_same(want_fd, have_fd, true, difference);	// TREE_DIFFERS: difference is "/etc/passwd: its content"
 *
 * Names, types, modes, owners, links' texts, device numbers; of files and
 * directories their extended attributes, but for the SELinux label; of files
 * their sizes and content, and of them and links the times of modification.
 */
#ifndef RANBY_SYS_TREE_SAME_H
#define RANBY_SYS_TREE_SAME_H

#include "base/mem.h"

#include <stdbool.h>

#define TREE_DIFFERENCE_SIZE 320

enum tree_outcome {
	TREE_SAME = 0,
	TREE_DIFFERS = 1,
};

/*
 * Of the directories `want` and `have`, which are borrowed; `owners`: theirs
 * too. The first difference is told. enum tree_outcome or -errno.
 */
int tree_same(int want, int have, bool owners, char ret_difference[static TREE_DIFFERENCE_SIZE]) _must_check_;

#endif
