/** Sealing and opening of data packets; key update; replay window. */
@NullMarked
package io.posthorn.protocol.protection;

import org.jspecify.annotations.NullMarked;
