/* calls.h - what the children may ask of the kernel once they have begun. */
#ifndef SEKISHO_KEEPER_CALLS_H
#define SEKISHO_KEEPER_CALLS_H

#include "base/syscalls.h"

bool calls_of_engine(struct err *err);  /* engine.def */
bool calls_of_shipper(struct err *err); /* shipper.def */

#endif
