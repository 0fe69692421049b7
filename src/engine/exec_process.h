/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* exec_process - the OCI process object of an exec. For exec.c. */
#ifndef RANBY_ENGINE_EXEC_PROCESS_H
#define RANBY_ENGINE_EXEC_PROCESS_H

#include "engine/exec.h"

/*
 * The container's own process with the request put over it. With -u, the user
 * is looked up in the running container's own files; root gets the
 * container's capabilities, any other user none; --privileged gives all.
 */
int exec_process_make(const struct exec_request *q, struct json_object **ret, struct err *e) _must_check_;

#endif
