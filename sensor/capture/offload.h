/* offload.h - what an interface does to packets before they are seen. */
#ifndef SEKISHO_CAPTURE_OFFLOAD_H
#define SEKISHO_CAPTURE_OFFLOAD_H

/* One line if packets are joined (GRO, LRO) or not yet cut (TSO, GSO) where we look:
 * what is seen is then not what was on the wire.  Changes nothing. */
void offload_say(const char *interface);

#endif
