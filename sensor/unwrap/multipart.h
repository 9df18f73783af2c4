/* multipart.h - what a Content-Type says about layers.  Private to this room. */
#ifndef SEKISHO_UNWRAP_MULTIPART_H
#define SEKISHO_UNWRAP_MULTIPART_H

#include "unwrap/layer.h"

/* The layer that a type declares (RFC 9110 section 8.3.1), LAYER_NONE: none of ours.  Any type
 * with "json" in it is some JSON (RFC 6839). */
uint8_t type_layer(struct bytes type);
/* The boundary of a multipart type; empty: none. */
struct bytes type_boundary(struct bytes type);

/* unwrap.c: the boundary that the message declares, if the node's layer is the one declared so;
 * else empty. */
struct bytes multipart_boundary(const struct unwrap *unwrap, const struct node *node);

#endif
