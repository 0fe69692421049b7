/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Both families are bytes in network order, so that comparing is memcmp(3)
 * and adding goes from the last byte to the first; IPv4 has four of them.
 */
#include "base/subnet.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned size_of(const struct ip *ip)
{
	return ip->six ? 16 : 4;
}

int ip_parse(const char *text, struct ip *ret)
{
	struct ip ip = {.six = strchr(text, ':') != NULL};

	if (inet_pton(ip.six ? AF_INET6 : AF_INET, text, ip.bytes) != 1)
		return -EINVAL;
	*ret = ip;
	return 0;
}

char *ip_text(const struct ip *ip, char out[static IP_TEXT_SIZE])
{
	if (!inet_ntop(ip->six ? AF_INET6 : AF_INET, ip->bytes, out, IP_TEXT_SIZE))
		out[0] = '\0';
	return out;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->six != b->six)
		return a->six ? 1 : -1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* Adds to the number that the bytes before `end` are. */
static bool add(struct ip *ip, unsigned end, uint32_t n)
{
	struct ip sum = *ip;
	uint64_t carry = n;

	for (unsigned i = end; i-- > 0 && carry;) {
		carry += sum.bytes[i];
		sum.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	if (carry)
		return false;
	*ip = sum;
	return true;
}

bool ip_add(struct ip *ip, uint32_t n)
{
	return add(ip, size_of(ip), n);
}

struct subnet subnet_of(const struct ip *ip, unsigned prefix)
{
	struct subnet s = {*ip, prefix};

	for (unsigned i = 0; i < size_of(ip); i++) {
		unsigned kept = prefix > 8 * i ? prefix - 8 * i : 0;

		if (kept < 8)
			s.base.bytes[i] &= (uint8_t)(0xff00U >> kept);
	}
	return s;
}

int subnet_parse(const char *text, struct subnet *ret)
{
	const char *slash = strchr(text, '/');
	char address[IP_TEXT_SIZE];
	uint32_t prefix;
	struct ip ip;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (ip_parse(address, &ip) < 0 || parse_u32(slash + 1, 0, 8 * size_of(&ip), &prefix) < 0)
		return -EINVAL;
	*ret = subnet_of(&ip, prefix);
	return 0;
}

char *subnet_text(const struct subnet *s, char out[static SUBNET_TEXT_SIZE])
{
	char address[IP_TEXT_SIZE];

	snprintf(out, SUBNET_TEXT_SIZE, "%s/%u", ip_text(&s->base, address), s->prefix);
	return out;
}

bool subnet_contains(const struct subnet *s, const struct ip *ip)
{
	struct subnet around = subnet_of(ip, s->prefix);

	return ip->six == s->base.six && ip_compare(&around.base, &s->base) == 0;
}

bool subnet_overlap(const struct subnet *a, const struct subnet *b)
{
	return a->prefix < b->prefix ? subnet_contains(a, &b->base) : subnet_contains(b, &a->base);
}

struct ip subnet_first(const struct subnet *s)
{
	struct ip ip = s->base;

	(void)ip_add(&ip, 1);
	return ip;
}

struct ip subnet_last(const struct subnet *s)
{
	struct ip ip = s->base;

	for (unsigned i = 0; i < size_of(&ip); i++) {
		unsigned kept = s->prefix > 8 * i ? s->prefix - 8 * i : 0;

		if (kept < 8)
			ip.bytes[i] |= (uint8_t)(0xffU >> kept);
	}
	return ip;
}

bool subnet_next(struct subnet *s)
{
	unsigned end = (s->prefix + 7) / 8;

	return end > 0 && add(&s->base, end, 1U << (8 * end - s->prefix));
}
