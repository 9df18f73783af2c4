/* main.c - forge: writes captures of things that never happened. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "mmdb.h"
#include "script.h"

enum {
	SETTINGS_MAX = 64,
};

static const char usage[] =
	"usage: forge SCENARIO -o OUT.pcap [--truth FILE [--clear-truth]] [--seed N]\n"
	"             [--set NAME=VALUE]...\n"
	"       forge corpus http|tls|small -o OUT.pcap --megabytes N [--seed N]\n"
	"       forge mmdb -o FILE\n";

struct options {
	const char *what, *kind, *out, *truth;
	uint64_t seed, megabytes;
	bool clear;
	char *settings[SETTINGS_MAX];
	size_t setting_cnt;
};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end)
		die("\"%s\" is no number", text);
	return value;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"truth", 1, NULL, 't'}, {"seed", 1, NULL, 's'},
		{"set", 1, NULL, 'S'}, {"clear-truth", 0, NULL, 'c'}, {"megabytes", 1, NULL, 'm'},
		{"help", 0, NULL, 'h'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (c == 'o')
			o->out = optarg;
		else if (c == 't')
			o->truth = optarg;
		else if (c == 's')
			o->seed = number(optarg);
		else if (c == 'm')
			o->megabytes = number(optarg);
		else if (c == 'c')
			o->clear = true;
		else if (c == 'S' && o->setting_cnt < SETTINGS_MAX)
			o->settings[o->setting_cnt++] = optarg;
		else {
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	o->what = optind < argc ? argv[optind++] : NULL;
	o->kind = optind < argc ? argv[optind++] : NULL;
	if (!o->what || !o->out || optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void play(const struct options *o)
{
	struct stage stage = {.rng = {o->seed}, .rtt_ns = 8000000};

	stage.cap.rng.state = o->seed ^ 0x5eed;
	stage.cast.rng = &stage.rng;
	stage.next_port = (unsigned)rng_below(&stage.rng, 28232);
	script_play(&stage, o->what, o->settings, o->setting_cnt);
	uint32_t *number_of = capture_sort(&stage.cap);

	capture_write(&stage.cap, o->out);
	if (o->truth)
		truth_write(&stage.truth, &stage.cap, number_of, o->truth, o->clear);
	free(number_of);
	free(stage.hosts);
	free(stage.cast.persons);
	truth_fini(&stage.truth);
	capture_fini(&stage.cap);
}

int main(int argc, char **argv)
{
	struct options o = {.seed = 1, .megabytes = 100};

	read_options(argc, argv, &o);
	if (strcmp(o.what, "corpus") == 0)
		corpus_write(o.kind ? o.kind : "", o.out, o.megabytes, o.seed);
	else if (strcmp(o.what, "mmdb") == 0)
		mmdb_write(o.out);
	else
		play(&o);
	return 0;
}
