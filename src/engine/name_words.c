/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* 64 x 64 pairs; the caller draws again when one is taken. */
#include "engine/name_words.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

#define WORDS 64

static const char *const first[WORDS] = {
	"amber",  "brave",  "brisk",  "bright", "calm",   "civil",  "clear",  "clever", "cosy",   "crisp",  "curious",
	"deft",   "eager",  "early",  "exact",  "fair",   "fleet",  "fond",   "frank",  "free",   "fresh",  "gentle",
	"glad",   "golden", "grand",  "green",  "happy",  "hardy",  "honest", "humble", "keen",   "kind",   "late",
	"lean",   "level",  "light",  "lively", "loyal",  "lucid",  "mellow", "merry",  "mild",   "modest", "neat",
	"nimble", "noble",  "patient","plain",  "polite", "proud",  "quick",  "quiet",  "ready",  "rustic", "sharp",
	"silent", "smooth", "sober",  "solid",  "steady", "sturdy", "sunny",  "tidy",   "wise",
};

static const char *const second[WORDS] = {
	"adder",   "badger",  "beaver", "bison",  "bittern", "bunting", "crane",   "cricket", "curlew",  "deer",   "dipper",
	"dormouse","dove",    "eel",    "egret",  "elk",     "falcon",  "ferret",  "finch",   "fox",     "gannet", "goose",
	"grouse",  "gull",    "hare",   "hawk",   "hedgehog","heron",   "ibex",    "jackdaw", "jay",     "kestrel","kite",
	"lapwing", "lark",    "linnet", "lynx",   "magpie",  "marten",  "mole",    "moth",    "newt",    "otter",  "owl",
	"pike",    "plover",  "puffin", "quail",  "raven",   "robin",   "rook",    "salmon",  "seal",    "shrew",  "snipe",
	"sparrow", "stoat",   "stork",  "swan",   "swift",   "tern",    "thrush",  "trout",   "wren",
};

char *name_words_random(void)
{
	uint32_t rnd;
	char *name;

	if (getrandom(&rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return NULL;
	/* one draw in eight has digits, so that names do not run out when most pairs are taken */
	if ((rnd >> 29) == 0)
		return asprintf(&name, "%s_%s%u", first[rnd % WORDS], second[rnd / WORDS % WORDS], rnd / WORDS / WORDS % 10000) < 0
			       ? NULL : name;
	return asprintf(&name, "%s_%s", first[rnd % WORDS], second[rnd / WORDS % WORDS]) < 0 ? NULL : name;
}
