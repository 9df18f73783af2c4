#include "keeper/calls.h"

#define CALL(name, why) {.call = #name},
#define CALL_IF(name, argument, bits, is, why)                                                     \
	{.call = #name, .arg = argument, .mask = bits, .value = is},

static const struct syscall_row engine[] = {
#include "keeper/engine.def"
};

static const struct syscall_row shipper[] = {
#include "keeper/shipper.def"
};

bool calls_of_engine(struct err *err)
{
	return syscalls_only(engine, sizeof(engine) / sizeof(engine[0]), err);
}

bool calls_of_shipper(struct err *err)
{
	return syscalls_only(shipper, sizeof(shipper) / sizeof(shipper[0]), err);
}
