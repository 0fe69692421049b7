/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* keyring - the session keyring (keyctl(2), session-keyring(7)), which a child would share with the caller's login. */
#ifndef RANBY_SYS_KEYRING_H
#define RANBY_SYS_KEYRING_H

#include "base/mem.h"

/* A new, empty session keyring for this process. -EDQUOT: the user has as many keys as he may; a kernel without keys: 0. */
int keyring_new_session(void) _must_check_;

#endif
