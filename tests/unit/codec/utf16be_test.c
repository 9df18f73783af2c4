/* Goal: UTF-16 of the higher byte first is found, with or without a mark. */
#include "codec/coding_check.h"

extern const struct coding coding_utf16be;

int main(int argc, char **argv)
{
	return coding_main(argc, argv, &coding_utf16be, NULL, 0);
}
