/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * subnet - addresses of IPv4 and IPv6, and ranges of them by a prefix.
 *
 *	r = subnet_parse("10.89.0.0/24", &s);
 *	subnet_first(&s);			// 10.89.0.1
 *	if (subnet_overlap(&s, &other)) ...
 *	ip_text(&s.base, text);			// "10.89.0.0"
 *	subnet_text(&s, text);			// "10.89.0.0/24"
 */
#ifndef RANBY_BASE_SUBNET_H
#define RANBY_BASE_SUBNET_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define IP_TEXT_SIZE 46     /* INET6_ADDRSTRLEN */
#define SUBNET_TEXT_SIZE 50 /* and "/128" */

struct ip {
	uint8_t bytes[16]; /* network order; four of them for IPv4, the rest 0 */
	bool six;
};

struct subnet {
	struct ip base; /* its first address: no bit is set past the prefix */
	unsigned prefix;
};

/* As inet_pton(3) takes it. -EINVAL. */
int ip_parse(const char *text, struct ip *ret) _must_check_;
char *ip_text(const struct ip *ip, char out[static IP_TEXT_SIZE]);
/* Below, equal, above: as memcmp(3); IPv4 comes before IPv6. */
int ip_compare(const struct ip *a, const struct ip *b);
/* `n` addresses further on; false past the last one there is, and *ip is untouched. */
bool ip_add(struct ip *ip, uint32_t n);

/* "ADDRESS/BITS"; bits past the prefix are cleared. -EINVAL. */
int subnet_parse(const char *text, struct subnet *ret) _must_check_;
char *subnet_text(const struct subnet *s, char out[static SUBNET_TEXT_SIZE]);

/* The same with an address and its prefix at hand; bits past the prefix are cleared. */
struct subnet subnet_of(const struct ip *ip, unsigned prefix);

bool subnet_contains(const struct subnet *s, const struct ip *ip);
/* Whether they have an address in common. */
bool subnet_overlap(const struct subnet *a, const struct subnet *b);

/* The first address that a host can have: the one after the base. */
struct ip subnet_first(const struct subnet *s);
/* The last address, in IPv4 the one for broadcasts. */
struct ip subnet_last(const struct subnet *s);

/* The subnet of the same size that follows. False past the last one there is. */
bool subnet_next(struct subnet *s);

#endif
